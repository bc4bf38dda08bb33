"""The editor of templates: highlighting, completion and squiggles."""

from __future__ import annotations

from collections.abc import Callable

from nicegui import ui

from eventer.core.source import Place


def editor_theme(*, dark: bool) -> str:
    """The name of the editor's theme."""
    return "githubDark" if dark else "githubLight"


def template_editor(
    text: str, *, dark: bool, on_change: Callable[[], object] | None = None
) -> ui.codemirror:
    """An editor of Jsonnet."""
    editor = ui.codemirror(
        text,
        language="Jsonnet",  # type: ignore[arg-type]  # static/jsonnet.js adds it
        theme=editor_theme(dark=dark),  # type: ignore[arg-type]  # one of the permitted texts
        indent="  ",
        on_change=None if on_change is None else lambda _: on_change(),
    )
    return editor.props('aria-label="Template"')


def mark_places(editor: ui.codemirror, marks: list[tuple[Place, str, bool]]) -> None:
    """Underlines places with a message each; a mild one is a warning."""
    text = editor.value or ""
    decorations, tooltips = [], {}
    for place, message, mild in marks:
        start, end = offsets_of(text, place)
        if start < end:
            css = "studio-squiggle mild" if mild else "studio-squiggle"
            decorations.append({"kind": "mark", "from": start, "to": end, "class": css})
        tooltips[place.line] = message
    # As calls of the client: an update of the element would also send its text, which is older than
    # that of the client while the reader types, and would replace it.
    editor.run_method("setDecorations", decorations)
    editor.run_method("setLineTooltips", tooltips)


def offsets_of(text: str, place: Place) -> tuple[int, int]:
    """The characters [start, end) of a place; at least one character if there is one."""
    starts = [0, *(at + 1 for at, char in enumerate(text) if char == "\n")]
    if place.line > len(starts):
        return len(text), len(text)
    start = min(starts[place.line - 1] + place.column - 1, len(text))
    last = min(place.end_line, len(starts))
    end = min(starts[last - 1] + place.end_column - 1, len(text))
    if end <= start:
        end = min(start + 1, len(text))
        start = max(0, min(start, end - 1))
    return start, end
