"""Finds the roles of tokens and the elements of brackets, without a syntax tree.

The text is valid, so the tokens before a token and the bracket around it decide its role.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from eventer.jsonnet.format.pieces import Bracket, Piece, Role
from eventer.jsonnet.lexer import TokenKind

_OPERAND_WORDS: Final = frozenset({"self", "super", "null", "true", "false", "$"})
_OPERAND_KINDS: Final = frozenset({TokenKind.NAME, TokenKind.NUMBER, TokenKind.STRING})
_UNARY: Final = frozenset("+-!~")
_FIELD_COLONS: Final = frozenset({":", "::", ":::", "+:", "+::", "+:::"})
OPENING: Final = frozenset("([{")
CLOSING: Final = frozenset(")]}")


@dataclass(slots=True)
class _Scope:
    """What is known between two brackets.

    `at_element` says that an element begins; `has_colon`, that a field has its colon. `statements`
    are the keywords of what a `;` will end: `local`, or `assert` as long as a message can follow,
    then `asserted`. `member` is that of an object's own `local` or `assert`, which a `,` ends.
    """

    opening: Piece | None
    bracket: Bracket
    at_element: bool = True
    has_colon: bool = False
    statements: list[str] = field(default_factory=list)
    member: list[str] = field(default_factory=list)

    @property
    def symbol(self) -> str:
        return "" if self.opening is None else self.opening.text


def find_structure(pieces: Sequence[Piece]) -> None:
    """Sets `role` and `bracket` of all tokens."""
    scopes = [_Scope(None, Bracket())]
    before: Piece | None = None
    for piece in pieces:
        if piece.kind is TokenKind.SYMBOL and piece.text in CLOSING:
            piece.role, piece.bracket = Role.CLOSE, scopes.pop().bracket
        else:
            _set_role(scopes, piece, before)
        before = piece


def _set_role(scopes: list[_Scope], piece: Piece, before: Piece | None) -> None:
    scope = scopes[-1]
    piece.begins_element = is_first = scope.at_element
    scope.at_element = False
    if is_first:
        scope.bracket.elements.append(piece)
    match piece.kind:
        case TokenKind.SYMBOL if piece.text in OPENING:
            piece.role, piece.bracket = Role.OPEN, _bracket(scope, piece, before, is_first=is_first)
            scopes.append(_Scope(piece, piece.bracket))
        case TokenKind.SYMBOL:
            _set_symbol_role(scope, piece)
        case TokenKind.KEYWORD if is_clause(piece, before):
            scope.bracket.clauses.append(piece)
        case TokenKind.KEYWORD:
            _note_keyword(scope, piece, is_member=is_first and scope.symbol == "{")
        case TokenKind.OPERATOR:
            _set_operator_role(scope, piece, after_operand=is_operand_end(before))


def _bracket(scope: _Scope, opening: Piece, before: Piece | None, *, is_first: bool) -> Bracket:
    if opening.text == "{":
        return Bracket(is_list=True)
    is_parameters = before is not None and before.text == "function"
    is_attached = is_parameters or is_operand_end(before)
    is_name = scope.symbol == "{" and is_first
    is_list = opening.text == "[" and not is_attached and not is_name
    return Bracket(is_list, is_attached, is_parameters)


def _set_symbol_role(scope: _Scope, piece: Piece) -> None:
    if piece.text == ".":
        piece.role = Role.DOT
    elif piece.text == ";":
        piece.role = Role.SEMICOLON
        scope.statements.pop()
    else:
        piece.role = Role.COMMA
        if not scope.statements:
            scope.at_element, scope.has_colon = True, False
            scope.member.clear()


def _note_keyword(scope: _Scope, piece: Piece, *, is_member: bool) -> None:
    if piece.text == "in":
        piece.role = Role.BINARY
    elif piece.text in ("local", "assert"):
        if is_member:
            scope.has_colon = True
        (scope.member if is_member else scope.statements).append(piece.text)


def _set_operator_role(scope: _Scope, piece: Piece, *, after_operand: bool) -> None:
    if piece.text == "=":
        is_binding = scope.symbol != "(" or bool(scope.statements)
        piece.role = Role.BINDING if is_binding else Role.NAMED_ARGUMENT
    elif scope.symbol == "{" and not scope.has_colon and piece.text in _FIELD_COLONS:
        piece.role, scope.has_colon = Role.FIELD_COLON, True
    elif piece.text == ":" and (_answer(scope.statements) or _answer(scope.member)):
        piece.role = Role.ASSERT_COLON
    elif piece.text in (":", "::"):
        piece.role = Role.SLICE_COLON
    else:
        is_unary = not after_operand and piece.text in _UNARY
        piece.role = Role.UNARY if is_unary else Role.BINARY


def _answer(statements: list[str]) -> bool:
    """Takes a colon for the last `assert` without a message; whether there is one."""
    for number in reversed(range(len(statements))):
        if statements[number] == "assert":
            statements[number] = "asserted"
            return True
    return False


def is_clause(piece: Piece, before: Piece | None) -> bool:
    """Whether a token begins a `for` or an `if` of a comprehension."""
    if piece.kind is not TokenKind.KEYWORD:
        return False
    return piece.text == "for" or (piece.text == "if" and is_operand_end(before))


def is_operand_end(piece: Piece | None) -> bool:
    """Whether an operand ends with this token, so that an operator, a call or an index can follow.

    An operand follows the parameters of a `function`.
    """
    if piece is None:
        return False
    if piece.role is Role.CLOSE:
        return piece.bracket is not None and not piece.bracket.is_parameters
    if piece.kind is TokenKind.KEYWORD:
        return piece.text in _OPERAND_WORDS
    return piece.kind in _OPERAND_KINDS
