"""Compiles, caches and loads kernels; building blocks of kernels."""
