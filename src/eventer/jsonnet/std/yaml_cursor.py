"""A place in a YAML text: looking ahead, stepping over characters and line breaks."""

from __future__ import annotations

from typing import Final

from eventer.core.errors import EvaluationError

BLANKS: Final = frozenset(" \t")
BREAKS: Final = frozenset("\r\n\x85\u2028\u2029")
END: Final = ""
_UNFOLDED: Final = frozenset("\u2028\u2029")
_WORD: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class Cursor:
    """Walks a YAML text, counting lines and columns from 0. Past the end it sees `END`."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.line = 0
        self.column = 0

    def peek(self, ahead: int = 0) -> str:
        """The character here, or some way ahead."""
        position = self.position + ahead
        return self.text[position] if position < len(self.text) else END

    def skip(self, count: int = 1) -> None:
        """Steps over characters of this line."""
        self.position += count
        self.column += count

    def take(self) -> str:
        """Steps over one character of this line and returns it."""
        character = self.text[self.position]
        self.skip()
        return character

    def take_break(self) -> str:
        """Steps over a line break: a line feed, but for Unicode's separators, which stay."""
        character = self.peek()
        self.position += 2 if character == "\r" and self.peek(1) == "\n" else 1
        self.line += 1
        self.column = 0
        return character if character in _UNFOLDED else "\n"

    def take_word(self) -> str:
        """Letters, digits, `_` and `-`, as many as there are."""
        start = self.position
        while self.peek() in _WORD and self.peek() != END:
            self.skip()
        return self.text[start : self.position]

    def at_blank(self, ahead: int = 0) -> bool:
        """Whether a space or a tab is here."""
        return self.peek(ahead) in BLANKS

    def at_break(self, ahead: int = 0) -> bool:
        """Whether a line break is here."""
        return self.peek(ahead) in BREAKS

    def at_edge(self, ahead: int = 0) -> bool:
        """Whether a blank, a line break or the end is here."""
        character = self.peek(ahead)
        return character == END or character in BLANKS or character in BREAKS

    def at_line_end(self) -> bool:
        """Whether a line break or the end is here."""
        return self.peek() == END or self.at_break()

    def at_marker(self) -> bool:
        """Whether `---` or `...` stands alone at the beginning of this line."""
        if self.column:
            return False
        return self.text[self.position : self.position + 3] in {"---", "..."} and self.at_edge(3)

    def skip_blanks(self) -> None:
        """Steps over spaces and tabs."""
        while self.at_blank():
            self.skip()

    def skip_comment(self) -> None:
        """Steps over a comment, if one begins here, up to its line break."""
        if self.peek() == "#":
            while not self.at_line_end():
                self.skip()

    def finish_line(self, what: str) -> None:
        """Steps over blanks, a comment and the line break; anything else is an error."""
        self.skip_blanks()
        self.skip_comment()
        if not self.at_line_end():
            raise self.error(f"expected a comment or the end of the line after {what}")
        if self.at_break():
            self.take_break()

    def error(self, problem: str) -> EvaluationError:
        """What is wrong with the text, at this line of it."""
        return EvaluationError(f"failed to parse YAML: line {self.line + 1}: {problem}")
