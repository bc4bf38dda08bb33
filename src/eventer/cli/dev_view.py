"""Shows the generators of `eventer dev`: a live table on a terminal, else lines."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import ClassVar

from eventer.cli.terminal import print_message, table
from eventer.service.views import GeneratorView

_HEADER = ("GENERATOR", "STATE", "POSITION", "EVENTS/S", "LATEST")


def destination_label(generator: GeneratorView) -> str:
    """A generator's destination, as `kafka:orders`."""
    target = generator.target
    return f"{target.connection}:{getattr(target, 'topic', None) or getattr(target, 'table', '')}"


def problem(generator: GeneratorView) -> str | None:
    """The error of a generator that is not running."""
    if generator.last_error is None or generator.state.value == "running":
        return None
    return generator.last_error.error.message


class SeenPositions:
    """Tracks which committed events were shown. `since` is when the view started (ns since 1970).

    Events that older generators committed before the start count as shown. A position that goes
    back belongs to a new incarnation, of which nothing was shown.
    """

    def __init__(self, since: int) -> None:
        self._since = since
        self._next: dict[int, int] = {}

    def unseen(self, generator: GeneratorView, most: int) -> tuple[int, int]:
        """The newest indices [first, end) that were not shown, at most `most`."""
        end = generator.position
        seen = self._next.get(generator.id, 0 if generator.created_at >= self._since else end)
        first = seen if seen <= end else 0
        return max(first, end - most), end

    def mark_seen(self, generator: GeneratorView) -> None:
        """Marks all events that are committed now as shown."""
        self._next[generator.id] = generator.position


class View:
    """Shows generators while they run. `since` is when that began (ns since 1970)."""

    _events_shown: ClassVar[int]

    def __init__(self, since: int) -> None:
        self._seen_positions = SeenPositions(since)

    def next_range(self, generator: GeneratorView) -> tuple[int, int]:
        """The committed events [first, end) to show next."""
        return self._seen_positions.unseen(generator, self._events_shown)

    def show(self, generator: GeneratorView, events: Sequence[bytes]) -> None:
        """Updates a generator, with the events of its `next_range`."""
        self._show(generator, events)
        self._seen_positions.mark_seen(generator)

    def _show(self, generator: GeneratorView, events: Sequence[bytes]) -> None:
        raise NotImplementedError

    def draw(self) -> None:
        """Draws, after `show` for all generators."""

    def close(self) -> None:
        """Restores the terminal."""


class LogView(View):
    """Prints events on standard output and changes of state on standard error."""

    _events_shown = 10

    def __init__(self, hints: Sequence[tuple[str, str]], since: int) -> None:
        super().__init__(since)
        self._last: dict[int, GeneratorView] = {}
        self._states: dict[int, str] = {}
        print_message("\n".join(f"{what}:\n  {command}" for what, command in hints))

    def _show(self, generator: GeneratorView, events: Sequence[bytes]) -> None:
        first, end = self.next_range(generator)
        for index, event in zip(range(first, end), events, strict=False):
            sys.stdout.write(f"{destination_label(generator)} {index} {event.decode()}\n")
        sys.stdout.flush()
        self._last[generator.id] = generator
        state = f"{generator.state.value} {problem(generator) or ''}".rstrip()
        if self._states.get(generator.id) != state:
            print_message(f"{destination_label(generator)} is {state}")
            self._states[generator.id] = state

    def close(self) -> None:
        """Prints the last positions."""
        rows = [(destination_label(last), last.position, last.id) for last in self._last.values()]
        if rows:
            print_message(table(("GENERATOR", "POSITION", "ID"), rows))


class LiveView(View):
    """A table that is redrawn in place, below the hints."""

    _events_shown = 1

    def __init__(self, hints: Sequence[tuple[str, str]], since: int) -> None:
        from rich.console import Console
        from rich.live import Live

        super().__init__(since)
        self._console = Console()
        for what, command in hints:
            self._console.print(f"[dim]{what}[/dim]")
            self._console.print(f"  {command}", soft_wrap=True, markup=False, highlight=False)
        self._rows: dict[int, tuple[GeneratorView, str]] = {}
        self._live = Live(console=self._console, auto_refresh=False)
        self._live.start()

    def _show(self, generator: GeneratorView, events: Sequence[bytes]) -> None:
        latest = self._rows[generator.id][1] if generator.id in self._rows else ""
        if events:
            latest = events[-1].decode()
        self._rows[generator.id] = (generator, latest)

    def draw(self) -> None:
        """Redraws the table."""
        from rich.table import Table
        from rich.text import Text

        shown = Table(box=None, expand=True, header_style="bold")
        for name in _HEADER:
            shown.add_column(
                name,
                no_wrap=True,
                overflow="ellipsis",
                ratio=1 if name == "LATEST" else None,
                justify="right" if name in ("POSITION", "EVENTS/S") else "left",
            )
        for generator, latest in self._rows.values():
            shown.add_row(
                destination_label(generator),
                Text(generator.state.value, style=_COLOURS[generator.state.value]),
                f"{generator.position:,}",
                f"{generator.delivered_rate:.1f}",
                Text(problem(generator) or latest),
            )
        self._live.update(shown, refresh=True)

    def close(self) -> None:
        """Stops redrawing."""
        self._live.stop()


_COLOURS = {"running": "green", "paused": "yellow", "waiting": "yellow", "failed": "red"}
