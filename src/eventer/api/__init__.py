"""The HTTP API: routes, wire shapes, problems."""
