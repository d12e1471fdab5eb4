"""Give gray *C. elegans* brain images their colour back, and name the neurons."""
