"""CuPy on a machine without a GPU: its own Python and Cython, on a small library that stands in for CUDA."""
