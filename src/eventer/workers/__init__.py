"""Worker processes: what crosses the process boundary, and who is alive."""
