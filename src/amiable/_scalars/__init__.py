"""Formulas of one count, one cell, one draw, as plain functions of Python numbers that a compiler makes into loops.

Nothing but `math` and each other is used here, and no array is made, so that one source serves processors and CUDA
devices. `amiable._array.loops` compiles them. The array kernels of the rooms above are the reference.
"""
