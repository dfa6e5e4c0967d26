"""Terms for identities: where they stand in a text, what they can be swapped for, and sentences to put them in."""
