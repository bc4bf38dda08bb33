"""The broker and the database that `eventer dev` starts, watches and stops."""
