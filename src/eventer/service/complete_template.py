"""Completes templates for an editor: a pure function of the text and an offset.

The text is usually not valid at the time, so this reads tokens near the offset, not a syntax tree:
what stands before the word decides what can follow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, TypeAlias

from eventer.functions.catalog import CATALOG
from eventer.jsonnet import std
from eventer.jsonnet.lexer import KEYWORDS
from eventer.jsonnet.std.declarations import CONSTANTS, FUNCTIONS, REQUIRED, StdParam

Kind: TypeAlias = Literal["function", "variable", "field", "keyword"]

# A group matches (nothing) if the comment or text has no end: it goes on at an offset behind it.
_SKIPPED: Final = re.compile(
    r"""//[^\n]*()|\#[^\n]*()|/\*.*?(?:\*/|(\Z))|\|\|\|.*?(?:\n[ \t]*\|\|\||(\Z))"""
    r"""|@?"(?:\\.|[^"\\])*(?:"|(\Z))|@?'(?:\\.|[^'\\])*(?:'|(\Z))""",
    re.DOTALL | re.VERBOSE,
)
_NEAR: Final = 500
"""Characters before the offset that decide what can follow."""
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*\Z|\Z")
_IN_NATIVE: Final = re.compile(r"""std\s*\.\s*native\s*\(\s*['"]([A-Za-z_0-9]*)\Z""")
_OWNER: Final = re.compile(r"([A-Za-z_$][A-Za-z_0-9]*)\s*(\([^()]*\)\s*)?\.\s*\Z")
_CALL_OF_NATIVE: Final = re.compile(
    r"""std\s*\.\s*native\s*\(\s*['"](\w+)['"]\s*\)\s*(\([^()]*\)\s*)\.\s*\Z"""
)
_LOCAL: Final = re.compile(
    r"\blocal\s+([A-Za-z_]\w*)|,\s*([A-Za-z_]\w*)\s*(?:\([^()]*\)\s*)?=(?!=)"
)
_LOOP: Final = re.compile(r"\bfor\s+([A-Za-z_]\w*)\s+in\b")
_PARAMS: Final = re.compile(r"(?:\bfunction|\blocal\s+\w+)\s*\(([^()]{0,500})\)")
_PARAM: Final = re.compile(r"\b([A-Za-z_]\w*)\s*(?:=[^,]*)?(?:,|\Z)")
_FIELD: Final = re.compile(r"(?:\b([A-Za-z_]\w*)|'([A-Za-z_]\w*)'|\"([A-Za-z_]\w*)\")\s*\+?:{1,3}")
_ALIAS: Final = re.compile(
    r"\b([A-Za-z_]\w*)\s*(?:\([^()]*\)\s*)?=\s*std\s*\.\s*native\s*\(\s*['\"](\w+)['\"]\s*\)\s*(\()?"
)
_BOUND_CALL: Final = re.compile(r"\b([A-Za-z_]\w*)\s*=\s*([A-Za-z_]\w*)\s*\(")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Text that can stand at the place. `insert` replaces the word that begins at `start`."""

    label: str
    kind: Kind
    detail: str = ""
    description: str = ""
    insert: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """Suggestions by label, and the offset of the word that they complete."""

    start: int
    suggestions: tuple[Suggestion, ...]


def complete_template(text: str, offset: int) -> Completion:
    """What can stand at an offset of a template; characters after it may be incomplete.

    An offset after the end counts as the end. There are no suggestions within comments and texts,
    except for the name in `std.native('…')`.
    """
    offset = min(offset, len(text))
    near = text[max(0, offset - _NEAR) : offset]
    if named := _IN_NATIVE.search(near):
        return _completion(offset - len(named[1]), named[1], _function_names())
    if _is_skipped(text, offset):
        return Completion(offset, ())
    word = _WORD.search(near)
    assert word is not None
    known = _suggestions(near[: word.start()], text)
    return _completion(offset - len(word[0]), word[0], known)


def _completion(start: int, word: str, suggestions: Iterable[Suggestion]) -> Completion:
    matching = {s.label: s for s in suggestions if s.label.lower().startswith(word.lower())}
    return Completion(start, tuple(matching[label] for label in sorted(matching)))


def _is_skipped(text: str, offset: int) -> bool:
    """Whether an offset is inside a comment or a text."""
    for match in _SKIPPED.finditer(text):
        if match.start() >= offset:
            return False
        if offset < match.end() or (offset == match.end() and match.lastindex is not None):
            return True
    return False


def _suggestions(before: str, text: str) -> Iterator[Suggestion]:
    """What can follow the code before a word."""
    if native := _CALL_OF_NATIVE.search(before):
        yield from _result_fields(native[1])
        return
    if owner := _OWNER.search(before):
        yield from _members(owner[1], text, called=owner[2] is not None)
        return
    if before.rstrip().endswith("."):
        yield from _text_fields(text)
        return
    yield from _free_names(text)


def _members(owner: str, text: str, *, called: bool) -> Iterator[Suggestion]:
    if owner == "std":
        yield from _std_suggestions().values()
        return
    aliases = {m[1]: (m[2], m[3] is not None) for m in _ALIAS.finditer(text)}
    results = {m[1]: aliases[m[2]][0] for m in _BOUND_CALL.finditer(text) if m[2] in aliases}
    results |= {name: function for name, (function, is_call) in aliases.items() if is_call}
    if called and owner in aliases:
        yield from _result_fields(aliases[owner][0])
    elif owner in results:
        yield from _result_fields(results[owner])
    else:
        yield from _text_fields(text)


def _free_names(text: str) -> Iterator[Suggestion]:
    for keyword in (*KEYWORDS, "std"):
        yield Suggestion(keyword, "keyword", insert=keyword)
    for spec in _catalog().values():
        insert = f"std.native('{spec['name']}')"
        yield Suggestion(spec["name"], "function", _parameters(spec), spec["description"], insert)
    aliases = {m[1]: m[2] for m in _ALIAS.finditer(text) if m[3] is None}
    for name in _variables(text):
        if (function := aliases.get(name, "")) in _catalog():
            spec = _catalog()[function]
            yield Suggestion(name, "function", _parameters(spec), spec["description"], name)
        else:
            yield Suggestion(name, "variable", insert=name)


def _variables(text: str) -> Iterator[str]:
    for match in _LOCAL.finditer(text):
        yield match[1] or match[2]
    for match in _LOOP.finditer(text):
        yield match[1]
    for match in _PARAMS.finditer(text):
        yield from _PARAM.findall(match[1])


def _text_fields(text: str) -> Iterator[Suggestion]:
    """All fields of the template's objects: their owner is not known."""
    for match in _FIELD.finditer(text):
        name = match[1] or match[2] or match[3]
        if name not in KEYWORDS:
            yield Suggestion(name, "field", "field of this template", insert=name)


def _function_names() -> Iterator[Suggestion]:
    for name, spec in _catalog().items():
        yield Suggestion(name, "function", _parameters(spec), spec["description"], name)


def _result_fields(function: str) -> Iterator[Suggestion]:
    for field in _catalog().get(function, {}).get("fields", ()):
        name = field["name"]
        yield Suggestion(name, "field", field["type"], field["description"], name)


def _parameters(spec: Mapping[str, Any]) -> str:
    """A function's parameters and its result, without its name."""
    return f"{spec['signature'].removeprefix(spec['name'])}: {spec['returns']}"


@cache
def _catalog() -> Mapping[str, Mapping[str, Any]]:
    described: Any = CATALOG.describe()
    return {spec["name"]: spec for spec in described}


@cache
def _std_suggestions() -> Mapping[str, Suggestion]:
    std.load()
    functions = {
        name: Suggestion(
            name,
            "function",
            f"({', '.join(map(_parameter, declared.params))})",
            (declared.implementation.__doc__ or "").strip(),
            name,
        )
        for name, declared in FUNCTIONS.items()
    }
    values = {name: Suggestion(name, "field", "value", "", name) for name in CONSTANTS}
    extern = {"extVar": Suggestion("extVar", "function", "(x)", "A variable.", "extVar")}
    return extern | functions | values


def _parameter(param: StdParam) -> str:
    return param.name if param.default is REQUIRED else f"{param.name}?"
