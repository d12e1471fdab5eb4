"""What all colorizers share: contract, settings, training and prediction from file to file."""
