"""Finished results become metrics, tables, figures, pages and a report."""
