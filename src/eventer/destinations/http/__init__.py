"""HTTP endpoints as a destination."""
