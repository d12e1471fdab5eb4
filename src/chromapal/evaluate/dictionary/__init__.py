"""The column dictionary: every table that is written, its columns, their units and meanings."""
