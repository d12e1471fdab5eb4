"""Interactive pages: one per worm, and the colour Turing test."""
