"""The command line. Modules import what is heavy inside functions: `--help` answers at once."""
