"""The service: the API and the command line call nothing below it."""
