"""The HTTP client of a running service, for the command line and the library."""
