"""Eventer as a Python library: what `import eventer` offers, and the plugin for pytest."""
