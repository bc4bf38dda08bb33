"""Tables of an SQLite file as a destination of Eventer."""
