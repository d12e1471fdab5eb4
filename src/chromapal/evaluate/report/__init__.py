"""The report: a notebook over finished tables and figures."""
