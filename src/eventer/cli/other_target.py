"""The target of `--to`, which can be of any kind, also of one from another package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from eventer.core.model import ServiceTarget
    from eventer.service.target_option_fields import TargetOption


@dataclass(frozen=True, slots=True)
class OtherTarget:
    """`--to KIND:NAME`, and the further options of the kind as `NAME=VALUE`."""

    to: str | None
    options: Iterable[str] | None

    def check_unused(self) -> None:
        """Checks that there are no options without a target.

        Raises:
            typer.BadParameter: there are.
        """
        if self.options:
            raise typer.BadParameter("--to-option needs --to KIND:NAME")

    def target(self, connection: str | None, entered: Mapping[str, object]) -> ServiceTarget:
        """The target, with what other options of the command say (`entered`; None: nothing).

        Raises:
            typer.BadParameter: the kind or an option is unknown, or a value is invalid.
        """
        from eventer.core.errors import RequestError
        from eventer.service.target_option_fields import target_of, target_options

        kind, name = self._parts()
        fields = {each.name: each for each in target_options(kind)}
        given = {key: value for key, value in entered.items() if value not in (None, ())}
        pairs = dict(map(_pair, self.options or ()))
        unknown = [each for each in (*given, *pairs) if each not in fields]
        if unknown:
            raise typer.BadParameter(
                f"{kind!r} has no option {unknown[0]!r}; its options: {', '.join(fields)}"
            )
        values = {key: _value(fields[key], value) for key, value in (given | pairs).items()}
        try:
            return target_of(kind, connection or kind, {next(iter(fields)): name} | values)
        except RequestError as error:
            raise typer.BadParameter(error.message, param_hint="'--to'") from error

    def _parts(self) -> tuple[str, str]:
        from eventer.core.destination_kinds import kind_names

        kind, _, name = (self.to or "").partition(":")
        if kind not in kind_names() or not name:
            raise typer.BadParameter(
                f"expected KIND:NAME, such as mysql:orders; kinds: {', '.join(kind_names())}",
                param_hint="'--to'",
            )
        return kind, name


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"expected NAME=VALUE, not {text!r}", param_hint="'--to-option'")
    return name, value


def _value(option: TargetOption, given: object) -> object:
    """A value as forms have it: lists are separated by commas."""
    if option.entry == "list" and isinstance(given, str):
        return [each.strip() for each in given.split(",")]
    if option.entry == "number" and isinstance(given, str) and given.isdecimal():
        return int(given)
    return list(given) if isinstance(given, tuple) else given
