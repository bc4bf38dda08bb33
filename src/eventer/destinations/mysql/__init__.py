"""Delivery to tables of MariaDB and MySQL: exactly once, by positions in the same transaction."""
