"""Templates in Python: their events as values and as tables."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from dataclasses import fields as dataclass_fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventer.core.errors import RequestError
from eventer.core.json_text import json_text
from eventer.core.model import JsonValue
from eventer.library.error_notes import noting_errors
from eventer.library.text_file import read_text_file
from eventer.service.requests import ReferenceRequest, TemplateRequest
from eventer.settings import Settings, load_settings

if TYPE_CHECKING:
    import pyarrow as pa

    from eventer.api.wire.responses import ProfileOut, ValidateOut
    from eventer.service.local_template import LocalTemplate

_FILE_ENDING = ".jsonnet"


@dataclass(frozen=True, slots=True)
class TemplateParts:
    """A template as the service takes it, and the settings that it was made with.

    `has_own_seed` is whether the seed was given, not chosen.
    """

    request: TemplateRequest
    settings: Settings
    count: int | None
    has_own_seed: bool

    def reference(self, id_: str) -> ReferenceRequest:
        """The template as one that others refer to as `id_`: with their seed, unless it has one."""
        fields = {
            each.name: getattr(self.request, each.name) for each in dataclass_fields(self.request)
        }
        if not self.has_own_seed:
            fields["seed"] = None
        return ReferenceRequest(**fields | {"id": id_}, count=self.count)


class Template:
    """A Jsonnet template, and what its events depend on.

    This process generates the events. The template is trusted: nothing limits its time and memory.

    Args:
        source: A file, as a `Path` or text that ends with `.jsonnet`; other text is the template.
        seed: Unsigned 64-bit integer; if omitted, one is chosen: see the attribute `seed`.
        vars: Variables (`std.extVar`) and arguments of the template, as JSON values.
        stream: Name of the random stream: streams draw different values.
        dataset: Text that `get_dataset` returns.
        library: Folder that the template imports from; if omitted, that of the settings.
        references: Templates that `get_event_of` may refer to, by name.
        count: How many events it has for templates that refer to it.

    Raises:
        RequestError: the file cannot be read, or an argument is out of range.
        ConfigError: a setting is unknown or invalid.
    """

    seed: int
    """The seed of the events: given, or chosen."""

    @noting_errors()
    def __init__(
        self,
        source: str | Path,
        *,
        seed: int | None = None,
        vars: Mapping[str, JsonValue] | None = None,  # noqa: A002  the word of the CLI and the API
        stream: str | None = None,
        dataset: str | None = None,
        library: str | Path | None = None,
        references: Mapping[str, Template] | None = None,
        count: int | None = None,
    ) -> None:
        from eventer.service.local_template import checked_seed

        text, name = _read(source)
        self.seed = checked_seed(seed)
        request = TemplateRequest(
            text,
            id="" if name == "template" else _own_name(name, references or {}),
            name=name,
            seed=self.seed,
            stream=stream,
            dataset=dataset,
            vars=json_text(dict(vars or {})),
            references=_all_references(references or {}),
        )
        settings = load_settings({"library": library}).settings
        self._parts = TemplateParts(request, settings, count, has_own_seed=seed is not None)

    @cached_property
    def _local(self) -> LocalTemplate:
        from eventer.service.local_template import LocalTemplate

        return LocalTemplate(self._parts.request, self._parts.settings)

    @noting_errors()
    def events(
        self, count: int = 10, *, first: int = 0, at: str | None = None, rate: str | None = None
    ) -> list[Any]:
        """The events [first, first + count) as Python values.

        Args:
            count: How many.
            first: The index of the first.
            at: When they are due, as 2026-01-01T00:00:00Z; if omitted, now.
            rate: With a rate, as 5/s, `at` is when the first is due, and the others follow.

        Raises:
            TemplateError: the template is invalid, or an event raises; with line and column.
            RequestError: an argument is invalid.
        """
        from eventer.service.local_template import EventRange

        return list(map(json.loads, self._local.texts(EventRange(count, first, at, rate))))

    @noting_errors()
    def table(
        self, count: int, *, first: int = 0, at: str | None = None, rate: str | None = None
    ) -> pa.Table:
        """The events as an Arrow table: a column for each top-level field, sorted by name.

        Times are `timestamp[us, UTC]` where the template's functions make them; arrays, objects and
        fields of mixed types are JSON text. Arguments as for `events`.

        Raises:
            TemplateError: the template is invalid, or an event raises; with line and column.
            RequestError: an argument is invalid, or an event is not an object.
            DestinationRejectedError: an integer is beyond 64 bits.
        """
        from eventer.service.local_template import EventRange

        return self._local.table(EventRange(count, first, at, rate))

    @noting_errors()
    def schema(self) -> pa.Schema:
        """The schema of `table`. Fields whose names events compute are not in it.

        Raises:
            TemplateError: the template is invalid.
            RequestError: the events are not objects.
        """
        return self._local.schema()

    @noting_errors()
    def validate(self) -> ValidateOut:
        """Checks the template and its first 100 events, as `eventer validate`.

        Returns:
            The engine, the shape, warnings and the output of `std.trace`, as in the API.

        Raises:
            TemplateError: the template is invalid, or all of its first events raise.
        """
        from eventer.api.wire.responses import ValidateOut

        return ValidateOut.model_validate(self._local.validate())

    @noting_errors()
    def profile(self, count: int = 10_000, *, at: str | None = None) -> ProfileOut:
        """Types, extremes, frequent values and histograms of each field, as `eventer profile`.

        It describes fewer events if they have more than 8 MiB of text.

        Raises:
            TemplateError: the template is invalid, or all of its events raise.
        """
        from eventer.api.wire.responses import ProfileOut
        from eventer.service.local_template import EventRange

        return ProfileOut.model_validate(self._local.profile(EventRange(count, at=at)))


def parts_of(template: Template) -> TemplateParts:
    """What the other modules of the library need of a template."""
    return template._parts  # noqa: SLF001  private to the library


def _all_references(references: Mapping[str, Template]) -> tuple[ReferenceRequest, ...]:
    """The given references, and theirs: a name means the same in all of them.

    Raises:
        RequestError: a name means two templates.
    """
    found: dict[str, ReferenceRequest] = {}
    for id_, template in references.items():
        own = parts_of(template).reference(id_)
        for each in (replace(own, references=()), *own.references):
            if found.setdefault(each.id, each) != each:
                raise RequestError(f"the name {each.id!r} refers to two different templates")
    return tuple(found.values())


def _own_name(file: str, references: Collection[str]) -> str:
    """The name by which the template of a file refers to itself: that of the file if it is free."""
    name = Path(file).stem
    return "" if name in references else name


def _read(source: str | Path) -> tuple[str, str]:
    """A template's text, and its name for errors.

    Raises:
        RequestError: the file cannot be read or is not UTF-8.
    """
    if isinstance(source, str) and not source.endswith(_FILE_ENDING):
        return source, "template"
    return read_text_file(source), str(source)
