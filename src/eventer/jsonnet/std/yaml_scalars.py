"""Scalars of a YAML text: plain, quoted and block ones, with their lines folded."""

from __future__ import annotations

from typing import Final

from eventer.jsonnet.std.yaml_cursor import END, Cursor

_ESCAPES: Final = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f",
    "r": "\r", "e": "\x1b", " ": " ", '"': '"', "'": "'", "\\": "\\", "N": "\x85", "_": "\xa0",
    "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_CODE_LENGTHS: Final = {"x": 2, "u": 4, "U": 8}
_HEXADECIMAL: Final = frozenset("0123456789abcdefABCDEF")
_FLOW_STOPS: Final = frozenset(",?[]{}")


class _Folding:
    """Blanks and line breaks between two pieces of a scalar, and what they fold to."""

    def __init__(self) -> None:
        self.blanks = ""
        self.first_break = ""
        self.more_breaks = ""
        self.broken = False

    def gather(self, cursor: Cursor) -> None:
        """Takes one blank or line break."""
        if cursor.at_blank():
            blank = cursor.take()
            if not self.broken:
                self.blanks += blank
        elif self.broken:
            self.more_breaks += cursor.take_break()
        else:
            self.blanks = ""
            self.first_break = cursor.take_break()
            self.broken = True

    def text(self) -> str:
        """A single line break folds to a space, several to all but the first."""
        if not self.broken:
            return self.blanks
        if self.first_break in {"", "\n"}:
            return self.more_breaks or ("" if self.first_break == "" else " ")
        return self.first_break + self.more_breaks


def scan_plain(cursor: Cursor, indent: int, *, flow: bool) -> tuple[str, bool]:
    """An unquoted scalar, and whether it ended after a line break."""
    pieces: list[str] = []
    folding = _Folding()
    while not cursor.at_marker() and cursor.peek() != "#":
        piece = _plain_piece(cursor, flow=flow)
        if piece:
            pieces.append(folding.text() + piece)
            folding = _Folding()
        if not (cursor.at_blank() or cursor.at_break()):
            break
        while cursor.at_blank() or cursor.at_break():
            if folding.broken and cursor.column < indent and cursor.peek() == "\t":
                raise cursor.error("a tab where indentation by spaces is expected")
            folding.gather(cursor)
        if not flow and cursor.column < indent:
            break
    return "".join(pieces), folding.broken


def _plain_piece(cursor: Cursor, *, flow: bool) -> str:
    start = cursor.position
    while not cursor.at_edge():
        character = cursor.peek()
        if character == ":" and cursor.at_edge(1):
            break
        if flow and character in _FLOW_STOPS:
            break
        cursor.skip()
    return cursor.text[start : cursor.position]


def scan_quoted(cursor: Cursor) -> str:
    """A scalar in single or double quotes, which the cursor stands at."""
    quote = cursor.take()
    pieces: list[str] = []
    while True:
        if cursor.at_marker():
            raise cursor.error("a document marker inside a quoted scalar")
        if cursor.peek() == END:
            raise cursor.error("an unterminated quoted scalar")
        folding = _quoted_piece(cursor, quote, pieces)
        if cursor.peek() == quote:
            cursor.skip()
            return "".join(pieces)
        while cursor.at_blank() or cursor.at_break():
            folding.gather(cursor)
        pieces.append(folding.text())


def _quoted_piece(cursor: Cursor, quote: str, pieces: list[str]) -> _Folding:
    """Takes characters up to a blank, a line break or the end quote."""
    folding = _Folding()
    while not cursor.at_edge():
        character = cursor.peek()
        if character == quote:
            if quote == '"' or cursor.peek(1) != "'":
                break
            cursor.skip()
            pieces.append(cursor.take())
        elif character == "\\" and quote == '"':
            cursor.skip()
            if cursor.at_break():
                cursor.take_break()
                folding.broken = True
                break
            pieces.append(_escape(cursor))
        else:
            pieces.append(cursor.take())
    return folding


def _escape(cursor: Cursor) -> str:
    """What an escape sequence stands for; the cursor is past its backslash."""
    code = cursor.peek()
    if code in _ESCAPES:
        cursor.skip()
        return _ESCAPES[code]
    if code not in _CODE_LENGTHS:
        raise cursor.error("an unknown escape in a quoted scalar")
    cursor.skip()
    digits = cursor.text[cursor.position : cursor.position + _CODE_LENGTHS[code]]
    if len(digits) < _CODE_LENGTHS[code] or not _HEXADECIMAL.issuperset(digits):
        raise cursor.error("an escape without its hexadecimal digits")
    cursor.skip(len(digits))
    number = int(digits, 16)
    if 0xD800 <= number <= 0xDFFF or number > 0x10FFFF:
        raise cursor.error(f"the escape U+{number:X} is not a character")
    return chr(number)


def scan_block(cursor: Cursor, parent_indent: int) -> str:
    """A literal (`|`) or folded (`>`) scalar, which the cursor stands at."""
    literal = cursor.take() == "|"
    chomping, increment = _block_header(cursor)
    indent = max(parent_indent, 0) + increment if increment else 0
    breaks, indent = _block_breaks(cursor, indent, parent_indent)
    text = line_break = ""
    blank_before = False
    while cursor.column == indent and cursor.peek() != END:
        blank = cursor.at_blank()
        if not literal and not blank_before and not blank and line_break == "\n":
            text += "" if breaks else " "
        else:
            text += line_break
        text += breaks
        blank_before = blank
        text += _rest_of_line(cursor)
        line_break = cursor.take_break() if cursor.at_break() else ""
        breaks, indent = _block_breaks(cursor, indent, parent_indent)
    if chomping == "-":
        return text
    return text + line_break + (breaks if chomping == "+" else "")


def _rest_of_line(cursor: Cursor) -> str:
    start = cursor.position
    while not cursor.at_line_end():
        cursor.skip()
    return cursor.text[start : cursor.position]


def _block_header(cursor: Cursor) -> tuple[str, int]:
    """Chomping (`+`, `-` or none) and indentation (0 where to be found out), in either order."""
    chomping, increment = "", 0
    for _ in range(2):
        character = cursor.peek()
        if not chomping and character in {"+", "-"}:
            chomping = cursor.take()
        elif not increment and character.isascii() and character.isdigit():
            if character == "0":
                raise cursor.error("a block scalar indented by 0")
            increment = int(cursor.take())
    cursor.finish_line("a block scalar's header")
    return chomping, increment


def _block_breaks(cursor: Cursor, indent: int, parent_indent: int) -> tuple[str, int]:
    """The empty lines here, and the indentation, which they help to find out where it is 0."""
    breaks: list[str] = []
    deepest = 0
    while True:
        while (not indent or cursor.column < indent) and cursor.peek() == " ":
            cursor.skip()
        deepest = max(deepest, cursor.column)
        if (not indent or cursor.column < indent) and cursor.peek() == "\t":
            raise cursor.error("a tab where indentation by spaces is expected")
        if not cursor.at_break():
            return "".join(breaks), indent or max(deepest, parent_indent + 1, 1)
        breaks.append(cursor.take_break())
