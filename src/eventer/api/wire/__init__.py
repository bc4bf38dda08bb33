"""The shapes of the HTTP API: requests to frozen values, views to JSON."""
