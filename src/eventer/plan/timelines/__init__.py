"""Templates whose values are timelines: arrays of steps."""
