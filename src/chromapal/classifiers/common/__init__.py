"""What all classifiers share: features, fitting, calibration, from file to file."""
