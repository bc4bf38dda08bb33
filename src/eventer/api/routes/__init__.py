"""The paths of the API, a family a file."""
