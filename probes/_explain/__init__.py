"""How much each word of a text speaks for a prediction, and whether such an explanation is to be believed."""
