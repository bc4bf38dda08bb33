"""Standard output as a destination: NDJSON, one compact JSON text per line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import BinaryIO, Final

from eventer.core.batch import Batch, EventRows, advance_position
from eventer.core.model import Guarantee, Position, PositionKey
from eventer.destinations.base import Delivery, DeliveryOutcome, Flow
from eventer.kernels.json.lines import lines as joined_lines
from eventer.kernels.pgcopy.copy_stream import text_buffers

_SMALL_BATCH_ROWS: Final = 256
"""Python joins fewer lines than this; more lines are worth the compiled code."""


class ConsoleConnection:
    """Writes to a stream. Positions are in memory, since a pipe cannot store them."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._positions: dict[PositionKey, Position] = {}

    async def open(self) -> Guarantee:
        """The reader of a pipe does not acknowledge events."""
        return "at-least-once"

    async def positions(self, keys: Collection[PositionKey]) -> Mapping[PositionKey, Position]:
        """The positions that this connection has reached."""
        return {key: self._positions[key] for key in keys if key in self._positions}

    async def check(self, flow: Flow) -> None:
        """A stream accepts any event."""

    async def prepare(self, flow: Flow) -> None:
        """A stream needs no preparation."""

    def encode_ahead(self, flow: Flow, batch: Batch) -> None:
        """Lines need no encoding."""

    async def deliver(self, deliveries: Sequence[Delivery]) -> DeliveryOutcome:
        """Writes and flushes all batches.

        Raises:
            BrokenPipeError: the reader has closed the pipe.
        """
        committed = {}
        for delivery in deliveries:
            for batch in delivery.batches:
                self._stream.write(lines(batch))
            before = delivery.accepted or self._positions.get(delivery.flow.key, Position())
            committed[delivery.flow.key] = advance_position(before, delivery.batches)
        self._stream.flush()
        self._positions.update(committed)
        return DeliveryOutcome(committed)

    async def close(self) -> None:
        """The stream belongs to the caller."""


def lines(rows: EventRows) -> bytes | memoryview:
    """The JSON text of each row, followed by a line feed."""
    if rows.rows < _SMALL_BATCH_ROWS:
        return b"".join([text.as_py() + b"\n" for text in rows.text])
    offsets, data = text_buffers(rows.text)
    return memoryview(joined_lines(offsets, data))  # type: ignore[arg-type]  # arrays are buffers
