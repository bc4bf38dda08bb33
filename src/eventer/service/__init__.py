"""Wires it all; the only thing the API and the command line call."""
