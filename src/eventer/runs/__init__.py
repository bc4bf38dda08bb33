"""When events are due, what a shard does next (pure), and the thin runner that does it."""
