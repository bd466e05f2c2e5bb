"""Random tables by the million, and what is made of them: permutation tests and the bootstrap."""
