"""Templates as JSON, to preview or check."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field, JsonValue, model_validator

from eventer.api.wire.fault_rules import FaultRules
from eventer.api.wire.field_types import (
    EncodedTemplate,
    Horizon,
    Instant,
    PopulationSize,
    Unsigned,
    Variables,
    fail_validation,
)
from eventer.api.wire.targets import TargetBody
from eventer.core.limits import MAX_INDEX
from eventer.core.model import WrittenPart
from eventer.core.request_fields import (
    OMIT_DESCRIPTION,
    NonEmptyText,
    OmittedFields,
    RequestModel,
    ValueField,
)
from eventer.core.timelines import TimelineSpec
from eventer.service.requests import PreviewRequest, ReferenceRequest

MAX_PREVIEW = 1_000
MAX_PROFILE = 10_000
MAX_COMPLETED = 65_536


def _has_text(name: str) -> dict[str, JsonValue]:
    return {"required": [name], "properties": {name: {"type": "string"}}}


TEMPLATE_FIELDS: list[JsonValue] = [_has_text("schema"), _has_text("template")]
"""One of these fields has the template."""


class TemplateBody(RequestModel):
    """A template: base64 in `schema`, or plain text in `template`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": TEMPLATE_FIELDS})

    schema_: EncodedTemplate | None = Field(
        default=None, alias="schema", description="The Jsonnet template in base64."
    )
    template: str | None = Field(default=None, description="The Jsonnet template as plain text.")
    dataset: str | None = Field(default=None, description="The result of `get_dataset`.")
    stream: NonEmptyText | None = Field(default=None, description="A name for the random stream.")
    vars: Variables = Field(
        default_factory=lambda: "{}", description="External variables and arguments."
    )
    seed: Unsigned | None = Field(default=None, description="If omitted, a random one.")

    @model_validator(mode="after")
    def _one_template(self) -> TemplateBody:
        if self.schema_ is None and self.template is None:
            fail_validation("has no template", "give `schema` (base64) or `template` (plain text)")
        if self.schema_ is not None and self.template is not None:
            fail_validation("has both `schema` and `template`", "remove one of them")
        return self

    @property
    def text(self) -> str:
        """The template's text."""
        text = self.schema_ if self.template is None else self.template
        assert text is not None
        return text

    @property
    def field(self) -> Literal["schema", "template"]:
        """The field that held the template."""
        return "schema" if self.template is None else "template"

    def request_fields(self) -> dict[str, Any]:
        """The fields that the service's request has under the same names."""
        excluded = {"schema_", "destination", "with_"}
        return self.model_dump(exclude=excluded) | {"template": self.text}


class TimelineBody(RequestModel):
    """The template's value is a timeline: an array of steps `{after, event, to}`."""

    horizon: Horizon = Field(description="No step is later than this after the start; at most 24h.")


def timeline_of(body: TimelineBody | None, only: str | None = None) -> TimelineSpec | None:
    """The timelines of a request, of which `only` the steps with this `to` are taken."""
    if body is not None:
        return TimelineSpec(body.horizon, only)
    if only is not None:
        fail_validation("needs `timeline`", field="only")
    return None


TimelineField: TypeAlias = Annotated[
    TimelineBody | None, Field(description="The template gives timelines, not events.")
]


class ReferencedBody(TemplateBody):
    """An event that the template may refer to by `get_event_of`."""

    seed: Unsigned | None = Field(
        default=None, description="If omitted, that of the template that refers to it."
    )
    count: PopulationSize | None = Field(
        default=None, description="How many events it has; if omitted, each reference says."
    )


class ReferringBody(TemplateBody):
    """A template, and the events that it may refer to."""

    id: str = Field(
        default="",
        description="The id of the event, by which it refers to earlier events of its own stream.",
    )
    with_: dict[NonEmptyText, ReferencedBody] = Field(
        default_factory=dict,
        alias="with",
        description="Events that `get_event_of` may refer to, by name.",
    )

    def request_fields(self) -> dict[str, Any]:
        """See `TemplateBody.request_fields`."""
        references = tuple(
            ReferenceRequest(id=name, name=name, **body.request_fields())
            for name, body in self.with_.items()
        )
        return super().request_fields() | {"references": references}


class ValidateBody(ReferringBody):
    """A template to check, and optionally its destination."""

    at: Instant | None = Field(default=None, description="The scheduled time; if omitted, now.")
    destination: TargetBody | None = Field(default=None, description="A destination to check.")
    faults: FaultRules = Field(default_factory=list)
    timeline: TimelineField = None

    def request(self) -> PreviewRequest:
        """The request, without the destination."""
        fields = self.request_fields() | {"timeline": timeline_of(self.timeline)}
        fields["faults"] = tuple(body.rule() for body in self.faults)
        return PreviewRequest(**fields)


class PreviewBody(ReferringBody):
    """A template to preview."""

    count: Annotated[int, Field(strict=True, ge=1, le=MAX_PREVIEW)] = 10
    first: Annotated[int, Field(strict=True, ge=0, le=MAX_INDEX)] = Field(
        default=0, description="The index of the first event."
    )
    at: Instant | None = Field(default=None, description="The scheduled time; if omitted, now.")
    engine: Literal["auto", "plan", "interpreter"] = "auto"
    value: ValueField = None
    omit: OmittedFields = Field(default_factory=list, description=OMIT_DESCRIPTION)
    faults: FaultRules = Field(default_factory=list)
    timeline: TimelineField = None
    only: NonEmptyText | None = Field(
        default=None, description="Only the steps of timelines with this `to`."
    )

    @model_validator(mode="after")
    def _only_of_timelines(self) -> PreviewBody:
        timeline_of(self.timeline, self.only)
        return self

    def request(self) -> PreviewRequest:
        """The request as the service takes it."""
        fields = self.request_fields()
        part = WrittenPart(fields.pop("value"), tuple(fields.pop("omit")))
        fields["faults"] = tuple(body.rule() for body in self.faults)
        fields["timeline"] = timeline_of(self.timeline, fields.pop("only"))
        return PreviewRequest(**fields, part=part)


class ProfileBody(ReferringBody):
    """A template to profile."""

    count: Annotated[int, Field(strict=True, ge=1, le=MAX_PROFILE)] = MAX_PROFILE
    at: Instant | None = Field(default=None, description="The scheduled time; if omitted, now.")

    def request(self) -> PreviewRequest:
        """The request as the service takes it."""
        return PreviewRequest(**self.request_fields())


class FormatBody(RequestModel):
    """A template to format."""

    template: str = Field(min_length=1, description="The Jsonnet template as plain text.")


class CompleteBody(RequestModel):
    """A template that is being written; it may be incomplete."""

    template: Annotated[str, Field(max_length=MAX_COMPLETED)] = Field(
        description="The Jsonnet template as plain text."
    )
    offset: Annotated[int, Field(strict=True, ge=0, le=MAX_COMPLETED)] = Field(
        description="The offset in the template, in characters from the start."
    )
