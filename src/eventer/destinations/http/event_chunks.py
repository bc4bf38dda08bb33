"""The events of a delivery in the chunks that requests carry. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eventer.core.batch import Batch
from eventer.core.model import PositionKey
from eventer.destinations.http.settings import HttpSettings
from eventer.destinations.http.target import BodyFormat


@dataclass(frozen=True, slots=True)
class EventChunk:
    """Consecutive events of a generator: their indices, and their JSON texts."""

    indices: Sequence[int]
    texts: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.indices)

    def halves(self) -> tuple[EventChunk, EventChunk]:
        """Both halves of a chunk of two events or more."""
        middle = len(self) // 2
        return (
            EventChunk(self.indices[:middle], self.texts[:middle]),
            EventChunk(self.indices[middle:], self.texts[middle:]),
        )

    def body(self, body_format: BodyFormat) -> bytes:
        """The body of its request."""
        if body_format == "json":
            return b"[" + b",".join(self.texts) + b"]"
        return b"\n".join(self.texts) + b"\n"

    def idempotency_key(self, key: PositionKey) -> str:
        """A text that no other chunk of a generator has: its first index and number of events.

        The generator is that of a cluster and an incarnation, so that it never starts again at 0.
        """
        return f"{key.cluster:016x}-{key.generator}-{key.incarnation}-{self.indices[0]}-{len(self)}"


def event_chunks(
    batches: Sequence[Batch], settings: HttpSettings, first: int
) -> Iterator[EventChunk]:
    """The events of batches from the index `first` on, in order, within the limits of requests."""
    indices, texts, size = list[int](), list[bytes](), 0
    for batch in batches:
        for index, text in zip(batch.index.tolist(), batch.text.to_pylist(), strict=True):
            if index < first:
                continue
            full = len(texts) == settings.batch_events or size + len(text) > settings.batch_bytes
            if texts and full:
                yield EventChunk(indices, texts)
                indices, texts, size = [], [], 0
            indices.append(index)
            texts.append(text)
            size += len(text) + 1
    if texts:
        yield EventChunk(indices, texts)
