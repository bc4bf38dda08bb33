"""What a reader can do with generators: dialogs that ask, and the calls of the service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nicegui import ui

from eventer.core.errors import EventerError, RequestError
from eventer.core.pace import PaceSpec
from eventer.core.pace_json import pace_json, pace_label
from eventer.service.views import GeneratorView
from eventer.web.layout import Visit, answer_of, heading, named_dialog, say, say_error
from eventer.web.pace_fields import PaceFields
from eventer.web.request_texts import request_of


async def confirm_removal(visit: Visit, ids: Sequence[int]) -> bool:
    """Asks whether to remove generators, and removes them; whether it did."""
    visit.check_right()
    known = {view.id: view for view in visit.sampler.snapshot.generators}
    names = [known[id_].name for id_ in ids if id_ in known]
    title = f"Remove {names[0] if len(names) == 1 else f'{len(names)} generators'}?"
    with named_dialog(title) as dialog, ui.card().classes("dialog"):
        heading(title, 2)
        ui.label(
            "They stop, and Eventer no longer uses their positions. Delivered events, topics, "
            "tables and files stay. If the same generator is added again, it begins at event 0."
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
    title = f"Change the pace of {views[0].name if len(views) == 1 else f'{len(views)} generators'}"
    with named_dialog(title) as dialog, ui.card().classes("dialog"):
        heading(title, 2)
        fields = PaceFields(visit, views[0].record.pace)
    if not await _is_confirmed(dialog, "Change", "btn-main"):
        return False
    try:
        pace = fields.pace()
        for view in views:
            changed = replace(view.record.pace, shape=pace.shape, arrivals=pace.arrivals)
            await _repace(visit, view, changed)
    except EventerError as error:
        say_error(error)
        return False
    say(f"{pace_label(pace_json(pace))} from now on")
    return True


async def _repace(visit: Visit, view: GeneratorView, pace: PaceSpec) -> None:
    """Adds a generator again with another pace.

    Raises:
        RequestError: its library has changed: the request means another generator now.
    """
    request = request_of(view.record, pace)
    (answer,) = await visit.eventer.add(request)
    if answer.id != view.id:
        if answer.created:
            await visit.eventer.remove([answer.id])
        raise RequestError("the pace cannot change here: a file that the template imports changed")
