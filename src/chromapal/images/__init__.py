"""Sets of photographs, micrographs and volume slices for the colorizers of images."""
