"""Labels and axes of labelled animals, judged by models that have not seen them."""
