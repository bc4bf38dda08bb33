"""Eventer: streams of random, realistic events from Jsonnet templates."""

__version__ = "0.1.0"
