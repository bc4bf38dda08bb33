"""Durable truth about generators."""
