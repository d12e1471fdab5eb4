"""How near colours are to the truth, and how often names are right."""
