"""What an owner says of a model: published numbers and the training recipe."""
