"""What all pages share: the header, the theme, and small pieces of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Final

from nicegui import ui

from eventer.core.errors import EventerError, RequestError
from eventer.service.eventer import Eventer
from eventer.web.history import Sampler
from eventer.web.markup import Markup, prose_markup
from eventer.web.page_paths import PAGES
from eventer.web.rows import Rows

LOGO: Final = (
    '<svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8" '
    'fill="var(--accent)"/><path d="M6 11h9m3 0h8M6 16h4m3 0h13M6 21h12m3 0h5" '
    'stroke="var(--card)" stroke-width="2.6" stroke-linecap="round"/></svg>'
)
FAVICON: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" '
    'rx="8" fill="#3b5bdb"/><path d="M6 11h9m3 0h8M6 16h4m3 0h13M6 21h12m3 0h5" stroke="#fff" '
    'stroke-width="2.6" stroke-linecap="round"/></svg>'
)
_NAVIGATION: Final = (*PAGES, ("/docs", "API"))
_SET_THEME: Final = (
    "document.cookie = 'eventer_theme={}; path=/; max-age=31536000; samesite=strict'"
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One open page: the service, the samples, and what its reader may do.

    `url` is the service's address as the browser sees it; `token` says whether the API needs one.
    """

    eventer: Eventer
    sampler: Sampler
    rows: Rows
    may_write: bool
    url: str
    token: bool
    dark: bool

    def check_right(self) -> None:
        """Checks that the reader may change generators.

        Raises:
            RequestError: the session is read-only.
        """
        if not self.may_write:
            raise RequestError("this session is read-only: sign in with EVENTER_TOKEN")


@dataclass(slots=True)
class Theme:
    """Whether the page is dark; `on_change` is called when the reader changes it."""

    dark: bool
    on_change: list[Callable[[bool], None]]


@contextmanager
def frame(visit: Visit, here: str, title: str) -> Iterator[Theme]:
    """A page with the header; the block fills its main part."""
    ui.page_title(f"{title} · Eventer")
    theme = Theme(visit.dark, [])
    mode = ui.dark_mode(visit.dark)

    def toggle() -> None:
        theme.dark = not theme.dark
        mode.value = theme.dark
        ui.run_javascript(_SET_THEME.format("dark" if theme.dark else "light"))
        for changed in theme.on_change:
            changed(theme.dark)

    with ui.element("header").classes("studio-header"):
        ui.link("Skip to the content", "#main").classes("skip-link")
        with ui.link(target="/").classes("studio-brand"):
            ui.html(LOGO, sanitize=False)
            ui.label("Eventer")
        with ui.element("nav").classes("studio-nav").props('aria-label="Pages"'):
            for path, name in _NAVIGATION:
                link = ui.link(name, path)
                if path == here:
                    link.classes("here").props('aria-current="page"')
        if not visit.may_write:
            ui.label("read only").classes("chip")
        ui.button(icon="contrast", on_click=toggle).props(
            'flat round dense color=grey aria-label="Dark or light"'
        )
        if visit.token:
            ui.button(icon="logout", on_click=_sign_out).props(
                'flat round dense color=grey aria-label="Sign out"'
            )
    with ui.element("main").classes("studio-main").props('id="main" tabindex="-1"'):
        yield theme


def _sign_out() -> None:
    ui.run_javascript("fetch('/logout', {method: 'POST'}).then(() => location.replace('/login'))")


async def pause() -> None:
    """Lets the service answer requests between two parts of a page that is built."""
    await asyncio.sleep(0)


def live(period: float, update: Callable[[], object]) -> None:
    """Calls `update` periodically while the page is visible."""
    timer = ui.timer(period, update)

    def on_visible(event: object) -> None:
        timer.active = bool(getattr(event, "args", True))

    ui.on("studio-visible", on_visible)


def say_error(error: EventerError) -> None:
    """Shows an error for a few seconds."""
    text = error.message if error.hint is None else f"{error.message}: {error.hint}"
    ui.notify(text, type="negative", position="bottom-right", timeout=8000, close_button="Close")


def say(text: str) -> None:
    """Shows a message for a moment."""
    ui.notify(text, position="bottom-right", type="positive", timeout=2500)


def problem_box(
    error: EventerError, on_place: Callable[[int], None] | None = None, *, mild: bool = False
) -> None:
    """An error with its place and its hint; a click on the place calls `on_place`."""
    place = getattr(error, "place", None)
    with ui.element("div").classes("problem mild" if mild else "problem").props('role="alert"'):
        prose(error.message)
        if place is not None:
            where = ui.label(f"line {place.line}, column {place.column}").classes("where")
            if on_place is not None:
                where.on("click", lambda line=place.line: on_place(line))
        if error.hint:
            prose(error.hint).classes("hint")
        if isinstance(error, RequestError):
            for fault in error.faults:
                if fault.message not in error.message:
                    prose(f"{fault.pointer or '/'}: {fault.message}").classes("hint")


def prose(text: str) -> ui.html:
    """A sentence; words in backticks are code."""
    return show(prose_markup(text)).classes("prose")


def show(markup: Markup) -> ui.html:
    """Markup as it is."""
    return ui.html(markup, sanitize=False)


def named_dialog(title: str) -> ui.dialog:
    """A dialog, not yet open, with a name for screen readers."""
    dialog = ui.dialog().props("transition-duration=60")  # Quasar's is 300 ms
    dialog.props["aria-label"] = title
    return dialog


async def answer_of(dialog: ui.dialog) -> object:
    """What the reader submits in a dialog, shown once; None if it or the page is closed."""
    dialog.on("hide", dialog.delete)  # sooner, the focus would not go back to where it was
    answer: object = await dialog
    return answer


def code_block(text: str, *, wrap: bool = False) -> None:
    """Text as it is, with a button that copies it."""
    with ui.element("div").classes("code-wrap"):
        block = ui.element("pre").classes("code-block wrap" if wrap else "code-block")
        block.props('tabindex="0"')
        with block:
            ui.html(escape(text), sanitize=False, tag="code")
        ui.button(icon="content_copy", on_click=lambda: copy(text)).props(
            'flat dense size=sm color=grey aria-label="Copy"'
        )


def copy(text: str) -> None:
    """Copies text to the reader's clipboard."""
    ui.clipboard.write(text)
    say("Copied")


@contextmanager
def card(title: str | None = None) -> Iterator[None]:
    """A card with a heading."""
    with ui.element("section").classes("studio-card stack"):
        if title:
            ui.html(escape(title), sanitize=False, tag="h2")
        yield


def heading(text: str, level: int = 1) -> ui.html:
    """A heading."""
    return ui.html(escape(text), sanitize=False, tag=f"h{level}")


def plain_button(text: str, icon: str, handler: object) -> ui.button:
    """A button without a frame."""
    button = ui.button(text, icon=icon, on_click=handler)  # type: ignore[arg-type]  # a handler
    return button.props("flat dense no-caps color=none text-color=none").classes(
        "btn-plain q-px-sm"
    )
