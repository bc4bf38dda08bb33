"""Shows the generators of `eventer dev`: a live table on a terminal, else lines."""

from __future__ import annotations

import sys
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, ClassVar, Final

from eventer.cli.terminal import print_message, table, without_echo
from eventer.core.clock import NS_PER_SECOND
from eventer.service.views import GeneratorView
from eventer.web.format import format_bytes, format_seconds

if TYPE_CHECKING:
    from rich.console import RenderableType

_HEADER = ("GENERATOR", "STATE", "POSITION", "EVENTS/S")
_MAX_EVENT: Final = 2_000
"""Bytes of an event that can be on a line of a terminal."""


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

    def forget(self, id_: int) -> None:
        """Forgets a removed generator: if it is added again, it begins at event 0."""
        self._next.pop(id_, None)

    def mark_seen(self, generator: GeneratorView) -> None:
        """Marks all events that are committed now as shown."""
        self._next[generator.id] = generator.position


class CommittedTotals:
    """Sums the events and bytes that are committed after `since` (ns since 1970)."""

    def __init__(self, since: int) -> None:
        self._since = since
        self._last: dict[int, tuple[int, int]] = {}
        self.events = 0
        self.bytes = 0

    def add(self, generator: GeneratorView) -> None:
        """Adds what a generator committed since it was added last."""
        now = generator.position, generator.bytes
        start = (0, 0) if generator.created_at >= self._since else now
        events, size = self._last.get(generator.id, start)
        restarted = events > now[0]
        self.events += now[0] - (0 if restarted else events)
        self.bytes += now[1] - (0 if restarted or size > now[1] else size)
        self._last[generator.id] = now

    def forget(self, id_: int) -> None:
        """Forgets a removed generator: if it is added again, it begins at event 0."""
        self._last.pop(id_, None)

    def text(self, now: int) -> str:
        """The sums in a sentence."""
        seconds = format_seconds((now - self._since) / NS_PER_SECOND)
        return f"{self.events:,} events ({format_bytes(self.bytes)} of JSON text) in {seconds}"


class DevView:
    """Shows generators while they run. `since` is when that began (ns since 1970)."""

    _events_shown: ClassVar[int]

    def __init__(self, since: int) -> None:
        self._seen_positions = SeenPositions(since)
        self._totals = CommittedTotals(since)
        self._generators: dict[int, GeneratorView] = {}

    def next_range(self, generator: GeneratorView) -> tuple[int, int]:
        """The committed events [first, end) to show next."""
        return self._seen_positions.unseen(generator, self._events_shown)

    def show(self, generator: GeneratorView, events: Sequence[bytes]) -> None:
        """Updates a generator, with the events of its `next_range`."""
        self._generators[generator.id] = generator
        self._totals.add(generator)
        self._show(generator, events)
        self._seen_positions.mark_seen(generator)

    def retain(self, ids: Collection[int]) -> None:
        """Drops the generators that do not exist any more; `ids` are those that do."""
        for id_ in self._generators.keys() - set(ids):
            self._seen_positions.forget(id_)
            self._totals.forget(id_)
            self._drop(self._generators.pop(id_))

    def _show(self, generator: GeneratorView, events: Sequence[bytes]) -> None:
        raise NotImplementedError

    def _drop(self, generator: GeneratorView) -> None:
        raise NotImplementedError

    def draw(self) -> None:
        """Draws, after `show` for all generators."""

    def turn(self, pages: int) -> None:
        """Shows a later page of the generators, or an earlier one if `pages` is negative."""

    def note(self, text: str) -> None:
        """Shows a message once."""
        print_message(text)

    def close(self) -> None:
        """Restores the terminal and prints the last positions, and what was committed."""
        rows = [(last.name, last.position, last.id) for last in self._generators.values()]
        if rows:
            print_message(table(("GENERATOR", "POSITION", "ID"), rows))
        print_message(self._totals.text(time.time_ns()))


class LogView(DevView):
    """Prints events on standard output and changes of state on standard error."""

    _events_shown = 10

    def __init__(self, hints: Sequence[tuple[str, str]], since: int) -> None:
        super().__init__(since)
        self._states: dict[int, str] = {}
        print_message("\n".join(f"{what}:\n  {command}" for what, command in hints))

    def _show(self, generator: GeneratorView, events: Sequence[bytes]) -> None:
        first, end = self.next_range(generator)
        for index, event in zip(range(first, end), events, strict=False):
            sys.stdout.write(f"{generator.name} {index} {event.decode()}\n")
        sys.stdout.flush()
        state = f"{generator.state.value} {problem(generator) or ''}".rstrip()
        if self._states.get(generator.id) != state:
            print_message(f"{generator.name} is {state}")
            self._states[generator.id] = state

    def _drop(self, generator: GeneratorView) -> None:
        del self._states[generator.id]
        print_message(f"{generator.name} is removed")


class LiveView(DevView):
    """Committed events that scroll by, above a table that is redrawn in place.

    A resized terminal is cleared and drawn again. Typed keys leave no trace.
    """

    _events_shown = 5

    def __init__(self, hints: Sequence[tuple[str, str]], since: int) -> None:
        from rich.console import Console

        super().__init__(since)
        self._hints = hints
        self._console = Console()
        self._new: list[str] = []
        self._page = 0
        self._modes = ExitStack()
        self._modes.enter_context(without_echo())
        self._start()

    def _start(self) -> None:
        from rich.live import Live

        for what, command in self._hints:
            self._console.print(f"[dim]{what}[/dim]")
            self._console.print(f"  {command}", soft_wrap=True, markup=False, highlight=False)
        self._console.print()
        self._size = self._console.size
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._live.start()

    def _show(self, generator: GeneratorView, events: Sequence[bytes]) -> None:
        first, end = self.next_range(generator)
        for index, event in zip(range(first, end), events, strict=False):
            self._new.append(
                f"{generator.name} {index} {event[:_MAX_EVENT].decode(errors='ignore')}"
            )

    def _drop(self, generator: GeneratorView) -> None:
        self._new.append(f"{generator.name} is removed")

    def turn(self, pages: int) -> None:
        """See `DevView.turn`."""
        self._page += pages
        self.draw()

    def note(self, text: str) -> None:
        """See `DevView.note`."""
        self._new.append(text)
        self.draw()

    def draw(self) -> None:
        """Redraws the table."""
        if self._console.size != self._size:
            self._live.stop()
            self._console.clear()
            self._start()
        self._print_new()
        self._live.update(self._content(), refresh=True)

    def _print_new(self) -> None:
        """Prints the newest lines above the table, as many as a screen shows, each cut to one."""
        lines, self._new = self._new[-self._size.height :], []
        for line in lines:
            self._live.console.print(
                line, markup=False, highlight=False, no_wrap=True, overflow="ellipsis"
            )

    def _content(self) -> RenderableType:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        shown = Table(box=None, header_style="bold")
        for name in _HEADER:
            right = name in ("POSITION", "EVENTS/S")
            shown.add_column(name, no_wrap=True, justify="right" if right else "left")
        width, height = self._size
        first, rows = self._shown_rows(height // 2)
        for generator in rows:
            shown.add_row(
                generator.name,
                Text(generator.state.value, style=_COLOURS[generator.state.value]),
                f"{generator.position:,}",
                f"{generator.delivered_rate:.1f}",
            )
        parts: list[RenderableType] = [shown]
        if len(rows) < len(self._generators):
            place = f"{first + 1:,} to {first + len(rows):,} of {len(self._generators):,}"
            parts.append(Text(f"{place} (n: next, p: previous)"))
        texts = [f"{each.name} {text}" for each in rows if (text := problem(each))]
        left = height - len(rows) - 3
        parts += [Text(text, no_wrap=True) for text in fitting_texts(texts, width, left)]
        return Group(*parts)

    def _shown_rows(self, count: int) -> tuple[int, list[GeneratorView]]:
        """The first place of the shown page of `count` generators, and these."""
        last_page = max(len(self._generators) - 1, 0) // count
        self._page = min(max(self._page, 0), last_page)
        first = self._page * count
        return first, list(self._generators.values())[first : first + count]

    def close(self) -> None:
        """See `DevView.close`."""
        self._live.stop()
        self._modes.close()
        super().close()


def fitting_texts(texts: Sequence[str], width: int, lines: int) -> list[str]:
    """The texts that fit as a whole into `lines` lines of a terminal, broken into its lines."""
    fitting = []
    for text in texts:
        parts = [text[at : at + width] for at in range(0, len(text), width)]
        if len(parts) <= lines:
            fitting.append("\n".join(parts))
            lines -= len(parts)
    return fitting


_COLOURS = {
    "running": "green",
    "paused": "yellow",
    "waiting": "yellow",
    "failed": "red",
    "finished": "blue",
}
