"""What happens when the rows a model is least certain of go to people."""
