"""HTTP: routes, wire shapes, problems."""
