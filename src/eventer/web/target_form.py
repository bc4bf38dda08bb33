"""Inputs for the options of a target, generated from the specification of its kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from nicegui import ui

from eventer.core.model import ServiceTarget
from eventer.service.target_option_fields import TargetOption, target_of, target_options
from eventer.web.layout import prose

_KEY: Final = "key"
_SHAPE: Final = "outlined dense"


class TargetForm:
    """The location, the key if the kind has one, and below them the other options.

    `fields` are the fields of the events, which options may name.
    """

    def __init__(self, kind: str, connection: str, location: str, fields: Sequence[str]) -> None:
        self._kind, self._connection, self._fields = kind, connection, list(fields)
        self._inputs: dict[str, Any] = {}
        first, *others = target_options(kind)
        with ui.element("div").classes("bar fields-row"):
            self._location = ui.input(first.label, value=location)
            self._location.props(f"{_SHAPE} autofocus").classes("grow")
            self._inputs[first.name] = self._location
            for key in (each for each in others if each.name == _KEY):
                self._inputs[_KEY] = self._build_input(key).classes("grow")
        prose(first.description).classes("soft small")
        self._others = [each for each in others if each.name != _KEY]
        if self._others:
            # Its inputs would take most of the time that the form needs, and few readers use them.
            self._more = ui.expansion("More options").props("dense").style("width: 100%")
            self._more.on_value_change(self._build_more)

    @property
    def location(self) -> str:
        """The entered name of the topic, table, folder or endpoint."""
        return (self._location.value or "").strip()

    def target(self) -> ServiceTarget:
        """The target.

        Raises:
            RequestError: an option is not valid.
        """
        entered = {name: each.value for name, each in self._inputs.items()}
        first = next(iter(self._inputs))
        return target_of(self._kind, self._connection, entered | {first: self.location})

    def _build_more(self) -> None:
        """Builds the other inputs when they are shown for the first time."""
        options, self._others = self._others, []
        with self._more:
            for option in options:
                with ui.element("div").classes("option"):
                    self._inputs[option.name] = self._build_input(option)
                    prose(option.description).classes("soft small")

    def _build_input(self, option: TargetOption) -> Any:
        build: dict[str, Callable[[TargetOption], Any]] = {
            "text": self._field_select,
            "list": self._field_select,
            "choice": _choice,
            "number": lambda each: ui.number(each.label, precision=0),
            "document": lambda each: ui.textarea(each.label),
            "pairs": lambda each: ui.input(each.label, placeholder="name=value, name=value"),
        }
        return build[option.entry](option).props(f'{_SHAPE} aria-label="{option.label}"')

    def _field_select(self, option: TargetOption) -> ui.select:
        """Fields of the events to choose from; others, and JSON pointers, can be entered."""
        multiple = option.entry == "list"
        select = ui.select(
            self._fields,
            label=option.label,
            multiple=multiple,
            with_input=True,
            new_value_mode="add-unique",
            clearable=True,
        )
        return select.props("options-dense" + (" use-chips" if multiple else ""))


def _choice(option: TargetOption) -> ui.select:
    default = option.default if option.default in option.choices else option.choices[0]
    select = ui.select(list(option.choices), label=option.label, value=default)
    return select.props("options-dense")
