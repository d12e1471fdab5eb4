"""Worms of the DANDI archive: listed, streamed by range requests, or downloaded whole."""
