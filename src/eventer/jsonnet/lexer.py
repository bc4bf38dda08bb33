"""Text to tokens, split exactly as by go-jsonnet 0.22.

Two of its rules are unusual and are kept, so that a template has the same meaning there:

- a run of operator characters is one token (`==-` in `1 ==-1`); where it is longer than one
  character and ends in one of `+ - ~ ! $`, only its first character is the token. So `2*-1` works
  and `1 ==-1` is refused (the hint says where the space goes);
- `/` and `||` end a run of operator characters.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

from eventer.core.errors import TemplateSyntaxError
from eventer.core.source import Source, Span
from eventer.jsonnet.string_literals import decode_escapes


class TokenKind(Enum):
    """The kind of a token."""

    NAME = "name"
    KEYWORD = "keyword"
    NUMBER = "number"
    STRING = "string"
    OPERATOR = "operator"
    SYMBOL = "symbol"
    END = "end of the template"


class Token(NamedTuple):
    """A token: `text` as written, `value` of a number or a string, characters [start, end)."""

    kind: TokenKind
    text: str
    start: int
    end: int
    value: float | str | None = None


KEYWORDS: Final = frozenset(
    [
        *("assert", "else", "error", "false", "for", "function", "if", "import", "importbin"),
        *("importstr", "in", "local", "null", "self", "super", "tailstrict", "then", "true"),
    ]
)

_TOKEN: Final = re.compile(
    r"""
    (?P<space> [ \t\r\n]+ | \#[^\n]* | //[^\n]* | /\*[\s\S]*?\*/ )
  | (?P<name> [A-Za-z_][A-Za-z0-9_]* )
  | (?P<symbol> [{}\[\](),.;] )
  | (?P<string> "(?:[^"\\]|\\[\s\S])*+" | '(?:[^'\\]|\\[\s\S])*+' )
  | (?P<number> (?P<int>0|[1-9](?:_?[0-9])*)
                (?P<fraction>\.[0-9](?:_?[0-9])*)? (?P<exponent>[eE][+-]?[0-9](?:_?[0-9])*)? )
  | (?P<verbatim> @"(?:[^"]|"")*+" | @'(?:[^']|'')*+' )
  | (?P<block> \|\|\| )
  | (?P<operator> (?!/\*) [!$:~+\-&|^=<>*/%] (?:[!$:~+\-&^=<>*%]|\|(?!\|))* )
    """,
    re.VERBOSE,
)
_BLOCK_OPENING: Final = re.compile(r"[ \t\r]*\n")
_INDENT: Final = re.compile(r"[ \t]*")
_NOT_LAST: Final = "+-~!$"
MAX_TOKENS: Final = 250_000
"""Far above any template; a megabyte of commas is refused quickly."""


def lex(source: Source) -> list[Token]:
    """The tokens of a text; the last one is END.

    Raises:
        TemplateSyntaxError: at the first character that does not begin a token.
    """
    return _Lexer(source).run()


class _Lexer:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        self._tokens: list[Token] = []

    def run(self) -> list[Token]:
        self._refuse_lone_surrogates()
        at, end = 0, len(self._text)
        while at < end:
            match = _TOKEN.match(self._text, at)
            if match is None:
                raise self._no_token(at)
            at = match.end() if match.lastgroup == "space" else self._token(match)
            if len(self._tokens) > MAX_TOKENS:
                raise self._error(f"the text has more than {MAX_TOKENS} tokens", at - 1, at)
        self._tokens.append(Token(TokenKind.END, "", end, end))
        return self._tokens

    def _token(self, match: re.Match[str]) -> int:
        start, end, text, group = match.start(), match.end(), match.group(), match.lastgroup
        if group == "name":
            kind = TokenKind.KEYWORD if text in KEYWORDS else TokenKind.NAME
            return self._add(kind, start, end)
        if group == "symbol":
            return self._add(TokenKind.SYMBOL, start, end)
        if group == "string":
            value = decode_escapes(self._source, start + 1, end - 1)
            return self._add(TokenKind.STRING, start, end, value)
        if group == "verbatim":
            return self._add(TokenKind.STRING, start, end, text[2:-1].replace(text[1] * 2, text[1]))
        if group == "block":
            return self._block(start)
        if group == "operator":
            return self._operator(start, text)
        return self._number(match)

    def _add(self, kind: TokenKind, start: int, end: int, value: float | str | None = None) -> int:
        self._tokens.append(Token(kind, self._text[start:end], start, end, value))
        return end

    def _operator(self, start: int, text: str) -> int:
        if text[-1] not in _NOT_LAST:
            return self._add(TokenKind.OPERATOR, start, start + len(text))
        # Such a run is not an operator, and neither is its rest: each character is a token.
        for at, character in enumerate(text, start):
            self._add(TokenKind.KEYWORD if character == "$" else TokenKind.OPERATOR, at, at + 1)
        return start + len(text)

    def _number(self, match: re.Match[str]) -> int:
        start, end = match.start(), match.end()
        after = self._text[end : end + 1]
        if after == "_":
            raise self._bad_underscore(match)
        if after == "." and match["fraction"] is None and match["exponent"] is None:
            raise self._error("a number cannot end in a decimal point", start, end + 1)
        if after in ("e", "E") and match["exponent"] is None:
            raise self._error("the exponent of this number has no digits", start, end + 1)
        return self._add(TokenKind.NUMBER, start, end, float(match.group().replace("_", "")))

    def _bad_underscore(self, match: re.Match[str]) -> TemplateSyntaxError:
        why = "a digit must follow" if match.group() != "0" else "it may not follow a leading 0"
        message = f"`_` in a number must be between two digits: {why}"
        return self._error(message, match.start(), match.end() + 1)

    def _block(self, start: int) -> int:
        chomp = self._text.startswith("-", start + 3)
        opening = _BLOCK_OPENING.match(self._text, start + 3 + chomp)
        if opening is None:
            raise self._error("a text block must start with `|||` and a newline", start, start + 3)
        text, end = self._block_lines(start, opening.end())
        return self._add(TokenKind.STRING, start, end, text.removesuffix("\n") if chomp else text)

    def _block_lines(self, start: int, at: int) -> tuple[str, int]:
        at, parts = self._blank_lines(at)
        found = _INDENT.match(self._text, at)
        indent = found.group() if found else ""
        if not indent:
            message = "the first line of a text block must be indented"
            raise self._error(message, start, start + 3, hint=self._line_end_hint(at))
        while self._text.startswith(indent, at):
            line_end = self._text.find("\n", at)
            if line_end < 0:
                raise self._open_block(start, at)
            parts.append(self._text[at + len(indent) : line_end + 1])
            at, blank = self._blank_lines(line_end + 1)
            parts += blank
        return "".join(parts), self._block_end(start, at)

    def _blank_lines(self, at: int) -> tuple[int, list[str]]:
        begin = at
        while self._text.startswith("\n", at):
            at += 1
        return at, [self._text[begin:at]]

    def _block_end(self, start: int, at: int) -> int:
        found = _INDENT.match(self._text, at)
        end = found.end() if found else at
        if not self._text.startswith("|||", end):
            raise self._open_block(start, at)
        return end + 3

    def _open_block(self, start: int, at: int) -> TemplateSyntaxError:
        line = self._source.location(start)[0]
        end = self._text.find("\n", at)
        return self._error(
            f"the text block that starts in line {line} has no closing `|||`",
            at,
            end if end >= 0 else len(self._text),
            hint=self._line_end_hint(at)
            or "indent its lines like the first one, and end it with a less indented `|||`",
        )

    def _line_end_hint(self, at: int) -> str | None:
        """A hint if the blank line at `at` ends with CRLF, which text blocks do not take."""
        if not self._text.startswith("\r\n", at):
            return None
        return "this line ends with CRLF: save the file with LF line endings"

    def _no_token(self, at: int) -> TemplateSyntaxError:
        character = self._text[at]
        if character in "\"'":
            return self._error("this string has no closing quote", at, self._line_end(at))
        if character == "@":
            return self._error(
                "`@` starts a verbatim string that has no opening or closing quote", at, at + 1
            )
        if character == "/":
            return self._error("this comment has no closing `*/`", at, at + 2)
        return self._error(
            f"unexpected character {character!r} (U+{ord(character):04X})",
            at,
            at + 1,
            hint=_CHARACTER_HINTS.get(character),
        )

    def _line_end(self, at: int) -> int:
        end = self._text.find("\n", at)
        return end if end >= 0 else len(self._text)

    def _refuse_lone_surrogates(self) -> None:
        try:
            self._text.encode()
        except UnicodeEncodeError as error:
            raise self._error(
                f"U+{ord(self._text[error.start]):04X} is an unpaired surrogate",
                error.start,
                error.start + 1,
            ) from None

    def _error(
        self, message: str, start: int, end: int, *, hint: str | None = None
    ) -> TemplateSyntaxError:
        return TemplateSyntaxError(message, Span(self._source, start, end), hint=hint)


_STRAIGHT_QUOTES: Final = "write strings in straight quotes, \"…\" or '…'"
_CHARACTER_HINTS: Final = {
    "\ufeff": "save the file without a byte order mark",
    "\u00a0": "this is a no-break space: write an ordinary one",
    "`": _STRAIGHT_QUOTES,
    "\u2018": _STRAIGHT_QUOTES,
    "\u2019": _STRAIGHT_QUOTES,
    "\u201c": _STRAIGHT_QUOTES,
    "\u201d": _STRAIGHT_QUOTES,
    "?": "write a condition as `if … then … else …`",
}
