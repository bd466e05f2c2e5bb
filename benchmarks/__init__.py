"""Measurements of amiable against its peers and against itself: `python -m benchmarks --help`."""
