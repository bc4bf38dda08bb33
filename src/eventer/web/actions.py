"""What a reader can do with generators: dialogs that ask, and the calls of the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nicegui import ui

from eventer.core.clock import NS_PER_SECOND
from eventer.core.duration import format_duration, parse_duration
from eventer.core.errors import EventerError, RequestError
from eventer.core.pace import EventRate, PaceSpec, Shape, Steady, Ticks
from eventer.service.views import GeneratorView
from eventer.web.format import format_count, format_rate
from eventer.web.layout import Visit, answer_of, heading, say, say_error
from eventer.web.request_texts import request_of

_DAY_SECONDS = 86_400


async def confirm_removal(visit: Visit, ids: Sequence[int]) -> bool:
    """Asks whether to remove generators, and removes them; whether it did."""
    visit.check_right()
    known = {view.id: view for view in visit.sampler.snapshot.generators}
    names = [known[id_].name for id_ in ids if id_ in known]
    with ui.dialog() as dialog, ui.card().classes("dialog"):
        heading(f"Remove {names[0] if len(names) == 1 else f'{len(names)} generators'}?", 2)
        ui.label(
            "They stop, and their positions are forgotten. Delivered events, topics and tables "
            "stay. If the same generator is added again, it begins at event 0."
        ).classes("soft")
        if len(names) > 1:
            ui.label(", ".join(names[:12]) + (" …" if len(names) > 12 else "")).classes("small")
    if not await _is_confirmed(dialog, "Remove", "btn-bad", cancel="autofocus"):
        return False
    try:
        removal = await visit.eventer.remove(ids)
    except EventerError as error:
        say_error(error)
        return False
    say(f"{len(removal.removed)} removed")
    return True


async def _is_confirmed(dialog: ui.dialog, label: str, style: str, *, cancel: str = "") -> bool:
    """Adds the buttons to a dialog, shows it, and tells whether the reader agreed."""
    (card,) = dialog
    with card, ui.element("div").classes("bar").style("justify-content: flex-end"):
        ui.button("Cancel", on_click=lambda: dialog.submit(False)).props(
            f"flat no-caps color=none text-color=none {cancel}"
        ).classes("btn-plain")
        ui.button(label, on_click=lambda: dialog.submit(True)).props(
            "unelevated no-caps color=none text-color=none"
        ).classes(style)
    return bool(await answer_of(dialog))


async def open_pace_dialog(visit: Visit, views: Sequence[GeneratorView]) -> bool:
    """Asks for another pace, and gives it to generators; whether it did."""
    visit.check_right()
    pace = _as_ticks(views[0].record.pace.shape)
    with ui.dialog() as dialog, ui.card().classes("dialog"):
        what = views[0].name if len(views) == 1 else f"{len(views)} generators"
        heading(f"Change the pace of {what}", 2)
        fields = PaceFields(pace.count, format_duration(pace.interval))
    if not await _is_confirmed(dialog, "Change", "btn-main"):
        return False
    try:
        count, interval = fields.values()
        for view in views:
            await _repace(visit, view, replace(view.record.pace, shape=Ticks(count, interval)))
    except EventerError as error:
        say_error(error)
        return False
    say(f"{format_rate(count * 1e9 / interval)} from now on")
    return True


def _as_ticks(shape: Shape) -> Ticks:
    """What the dialog shows for a pace; it can only set events per interval."""
    match shape:
        case Ticks():
            return shape
        case Steady(EventRate(events, period)):
            return Ticks(events, period)
        case _:
            return Ticks(1, NS_PER_SECOND)


async def _repace(visit: Visit, view: GeneratorView, pace: PaceSpec) -> None:
    """Adds a generator again with another pace.

    Raises:
        RequestError: its library has changed: the request means another generator now.
    """
    request = request_of(view.record, replace(pace, arrivals="even"))
    (answer,) = await visit.eventer.add(request)
    if answer.id != view.id:
        if answer.created:
            await visit.eventer.remove([answer.id])
        raise RequestError("the pace cannot change here: a file that the template imports changed")


class PaceFields:
    """Inputs for a pace, and the rate that it means."""

    def __init__(self, count: int, interval: str) -> None:
        with ui.element("div").classes("bar"):
            self._count = (
                ui.number("Events", value=count, min=1, precision=0, on_change=self._show)
                .props("outlined dense")
                .style("width: 7.5rem")
            )
            ui.label("every").classes("soft")
            self._interval = (
                ui.input("Interval", value=interval, on_change=self._show)
                .props("outlined dense")
                .style("width: 7.5rem")
            )
        self._text = ui.label().classes("soft small num")
        self._show()

    def values(self) -> tuple[int, int]:
        """Events and nanoseconds.

        Raises:
            RequestError: a field is not valid.
        """
        count = int(self._count.value or 0)
        interval = parse_duration((self._interval.value or "").strip())
        if count < 1:
            raise RequestError("the number of events must be greater than zero")
        if interval < 1:
            raise RequestError("the interval must be greater than zero")
        return count, interval

    def _show(self) -> None:
        try:
            count, interval = self.values()
        except EventerError as error:
            self._text.text = error.message
            return
        rate = count * 1e9 / interval
        day = format_count(round(rate * _DAY_SECONDS))
        self._text.text = f"{format_rate(rate)}, {day} events a day"
