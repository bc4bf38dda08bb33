"""What is known of a generator besides its rates: its delivery, engine, seed, and streams."""

from __future__ import annotations

from collections.abc import Iterator

from nicegui import ui

from eventer.core.duration import format_duration
from eventer.service.views import GeneratorView
from eventer.web.format import format_clock
from eventer.web.layout import card


class GeneratorDetails:
    """A card of names and values, built again when one of them changes."""

    def __init__(self) -> None:
        with card("Details"):
            self._list = ui.element("dl").classes("kv")
        self._shown: object = None

    def show(self, view: GeneratorView) -> None:
        """Shows the details of a generator."""
        facts = tuple(generator_facts(view))
        if facts == self._shown:
            return
        self._shown = facts
        self._list.clear()
        with self._list:
            for name, value in facts:
                with ui.element("dt"):
                    ui.label(name)
                with ui.element("dd"):
                    ui.label(value)


def generator_facts(view: GeneratorView) -> Iterator[tuple[str, str]]:
    """Names and values; those without a value are left out."""
    spec = view.record.spec
    for name, value in (
        ("Waits for", ", ".join(view.waits_for)),
        ("Delivery", view.delivery or "not known until it is connected"),
        ("Engine", spec.engine),
        ("Why it has no plan", spec.engine_reason),
        ("Seed", str(spec.stream.seed)),
        ("Stream", spec.stream.name),
        ("Dataset", spec.event_source.context.dataset),
        *_stream_facts(view),
        ("On an error", spec.on_error.value),
        ("After a stop", spec.catch_up.value),
        ("Added", format_clock(view.created_at)),
    ):
        if value:
            yield name, value


def _stream_facts(view: GeneratorView) -> Iterator[tuple[str, str]]:
    """Which other streams it refers to, and the form of its timelines."""
    spec = view.record.spec
    references = spec.event_source.template.references
    yield "Refers to", ", ".join(each.name for each in references)
    if spec.timeline is not None:
        yield "Horizon", f"{format_duration(spec.timeline.horizon)} after the start of a timeline"
        yield "Steps", f"only those with `to` {spec.timeline.only!r}" if spec.timeline.only else ""
        yield "Timelines", f"{view.timelines:,} have begun" if view.timelines else ""
