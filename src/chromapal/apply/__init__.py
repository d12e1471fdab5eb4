"""A study's trained model applied to new worms."""
