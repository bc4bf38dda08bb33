"""Source texts and places in them, for template errors."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

MAX_SOURCE_LINE: Final = 1_000
"""Characters of a source line in an error: a template can be one long line."""


@dataclass(frozen=True, slots=True)
class Source:
    """A named text. Errors print `name`: a file name, or `template`."""

    name: str
    text: str
    _line_starts: list[int] = field(default_factory=list, repr=False, compare=False, hash=False)

    def location(self, offset: int) -> tuple[int, int]:
        """Line and column of a character offset, both from 1; columns count characters."""
        starts = self._starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line(self, number: int) -> str:
        """The text of a line (from 1) without its line end; empty after the last line."""
        starts = self._starts()
        if number > len(starts):
            return ""
        start = starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else None].rstrip("\r")

    def _starts(self) -> list[int]:
        if not self._line_starts:
            self._line_starts.append(0)
            self._line_starts.extend(i + 1 for i, c in enumerate(self.text) if c == "\n")
        return self._line_starts


@dataclass(frozen=True, slots=True)
class Span:
    """The characters [start, end) of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """Line of the first character, from 1."""
        return self.source.location(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the first character, from 1."""
        return self.source.location(self.start)[1]

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of `other` in the same source."""
        return Span(self.source, self.start, other.end)

    def place(self) -> Place:
        """This span as plain data without its source, for messages between processes."""
        line, column = self.source.location(self.start)
        end_line, end_column = self.source.location(max(self.start, self.end))
        shown = self.source.line(line)[:MAX_SOURCE_LINE]
        return Place(self.source.name, line, column, end_line, end_column, shown)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a text as plain data: lines and columns from 1, end exclusive.

    `source_line` is the text of `line`, truncated to `MAX_SOURCE_LINE` characters.
    """

    name: str
    line: int
    column: int
    end_line: int
    end_column: int
    source_line: str
