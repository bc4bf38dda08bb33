"""Faults on purpose: which events have which, and what is written in place of healthy events."""
