"""Fakes and conformance suites for destinations and registries; product code never imports it."""
