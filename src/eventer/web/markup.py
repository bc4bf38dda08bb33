"""Markup of pages that are text only: cheaper than an element of the page for each tag. Pure.

Text is always escaped; only what these functions return is markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

_CODE: Final = re.compile(r"`([^`]+)`")


class Markup(str):
    """HTML. A plain text is escaped where it is put into markup."""

    __slots__ = ()


def tag(name: str, *content: str, **attributes: str) -> Markup:
    """An element with text or markup in it; `class_` and `aria_label` are `class`, `aria-label`."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{given}>{joined(content)}</{name}>")


def joined(parts: Iterable[str]) -> Markup:
    """Texts and markup one after another."""
    return Markup("".join(each if isinstance(each, Markup) else escape(each) for each in parts))


def prose_markup(text: str) -> Markup:
    """A sentence; words in backticks are code."""
    return Markup(_CODE.sub(r"<code>\1</code>", escape(text)))


def table_markup(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, prose: bool = False
) -> Markup:
    """A table in a frame that scrolls. Its cells are code; with `prose`, only the first column."""
    head = tag("tr", *(tag("th", name, scope="col") for name in header))
    body = (tag("tr", *(tag("td", value) for value in row)) for row in rows)
    style = "plain-table prose" if prose else "plain-table"
    table = tag("table", tag("thead", head), tag("tbody", *body), class_=style)
    return tag("div", table, class_="table-wrap", tabindex="0", role="region", aria_label="Table")
