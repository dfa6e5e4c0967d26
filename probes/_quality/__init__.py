"""What can be told of a table from itself: repeats, doubtful labels, and how far it is from another."""
