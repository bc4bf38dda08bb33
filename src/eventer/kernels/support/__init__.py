"""How kernels are compiled, cached and loaded, and what all of them are built from."""
