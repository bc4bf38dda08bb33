"""The steps of all timelines of a generator in one order."""
