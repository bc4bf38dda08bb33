"""Positions as JSON, for destinations that store them in files."""

from __future__ import annotations

from typing import Any

from eventer.core.cursor import read_cursor
from eventer.core.model import Position, PositionKey


def position_parts(key: PositionKey, position: Position) -> list[Any]:
    """A generator and its position as a JSON array."""
    cursor = position.cursor
    return [
        list(key),
        position.next,
        position.skipped,
        position.bytes,
        position.dropped,
        None if cursor is None else cursor.values,
    ]


def read_position(parts: list[Any]) -> tuple[PositionKey, Position]:
    """Reads the array of `position_parts`.

    Raises:
        TypeError, ValueError: it is not one.
    """
    key, following, skipped, size, dropped, cursor = parts
    position = Position(following, skipped, size, dropped=dropped, cursor=read_cursor(cursor))
    return PositionKey(*key), position
