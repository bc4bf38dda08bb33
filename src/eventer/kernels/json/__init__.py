"""JSON texts of events: row programs, numbers as text, and lines."""
