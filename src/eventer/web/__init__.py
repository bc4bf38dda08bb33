"""The studio: web pages over the service, beside the API. Only this package imports NiceGUI."""
