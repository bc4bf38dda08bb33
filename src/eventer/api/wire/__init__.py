"""The JSON shapes of the HTTP API: requests and answers."""
