"""Streams of events that tests deliver."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventer.core.errors import RequestError
from eventer.core.instant import format_instant
from eventer.core.model import JsonValue
from eventer.library.run import RunSummary, run
from eventer.library.template import Template


@dataclass(frozen=True, slots=True)
class DeliveredStream:
    """The events that a test delivered: `events` are whole, in order, and without faults."""

    seed: int
    events: list[Any]
    summary: RunSummary


@dataclass(frozen=True, slots=True)
class StreamDelivery:
    """The fixture `eventer_stream`: delivers events of templates in the test's `folder`.

    `settings_of` returns the settings that deliver to the server of a kind of destination.
    """

    seed: int
    folder: Path
    settings_of: Callable[[str], Mapping[str, object]]

    def __call__(
        self,
        template: Template | str | Path,
        *,
        topic: str | None = None,
        table: str | None = None,
        count: int = 10,
        at: str | None = None,
        rate: str | None = None,
        vars: Mapping[str, JsonValue] | None = None,  # noqa: A002  as for `Template`
        **options: Any,
    ) -> DeliveredStream:
        """Delivers events, and returns when they are committed.

        Args:
            template: As for `eventer.Template`; a file is relative to the folder of the test. It
                has the seed of the test, unless it is a `Template`, which has its own.
            topic: The topic; either this or `table`.
            table: The table.
            count: How many events.
            at: When they are due; if omitted, now.
            rate: With a rate, `at` is when the first is due; delivery does not wait for the others.
            vars: Variables and arguments of the template.
            options: Others of `eventer.run`, such as `key`.

        Raises:
            EventerError: as `eventer.run`.
        """
        if (topic is None) == (table is None):
            raise RequestError("give one destination: `topic` or `table`")
        made = self._template(template, vars)
        at = at or format_instant(time.time_ns())
        events = made.events(count, at=at, rate=rate)
        kind = "kafka" if table is None else "postgres"
        summary = run(
            made,
            kafka=topic,
            postgres=table,
            max_events=count,
            at=at,
            rate=rate,
            fast=rate is not None,
            settings=self.settings_of(kind),
            **options,
        )
        return DeliveredStream(made.seed, events, summary)

    def _template(
        self, template: Template | str | Path, variables: Mapping[str, JsonValue] | None
    ) -> Template:
        if isinstance(template, Template):
            if variables is not None:
                raise RequestError("`vars` cannot be combined with a Template, which has its own")
            return template
        is_file = isinstance(template, Path) or template.endswith(".jsonnet")
        source = self.folder / template if is_file else template
        return Template(source, seed=self.seed, vars=variables)
