"""Templates as they travel, to be shown or checked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from eventer.api.wire.scalars import EncodedTemplate, Instant, Unsigned, Variables, fail_validation
from eventer.api.wire.targets import NonEmptyText, RequestModel, TargetBody
from eventer.service.requests import PreviewRequest

MAX_PREVIEW = 1_000


class TemplateBody(RequestModel):
    """A template: base64 in `schema`, or as it is in `template`."""

    schema_: EncodedTemplate | None = Field(
        default=None, alias="schema", description="The Jsonnet template in base64."
    )
    template: str | None = Field(default=None, description="The Jsonnet template as it is.")
    dataset: str | None = Field(default=None, description="What `get_dataset` gives.")
    stream: NonEmptyText | None = Field(
        default=None, description="A name that draws are made under."
    )
    vars: Variables = Field(default="{}", description="External variables and arguments.")
    seed: Unsigned | None = Field(default=None, description="Drawn where none is given.")

    @model_validator(mode="after")
    def _one_template(self) -> TemplateBody:
        if self.schema_ is None and self.template is None:
            fail_validation(
                "there is no template", "give `schema` (base64) or `template` (plain text)"
            )
        if self.schema_ is not None and self.template is not None:
            fail_validation("`schema` and `template` are both given", "keep one of them")
        return self

    @property
    def text(self) -> str:
        """The template's text."""
        text = self.schema_ if self.template is None else self.template
        assert text is not None
        return text

    @property
    def field(self) -> Literal["schema", "template"]:
        """The field that held it."""
        return "schema" if self.template is None else "template"

    def request_fields(self) -> dict[str, Any]:
        """The fields that the service's request has under the same names."""
        return self.model_dump(exclude={"schema_", "destination"}) | {"template": self.text}


class ValidateBody(TemplateBody):
    """A template to check, and where it is to go if that is to be checked too."""

    at: Instant | None = Field(default=None, description="The scheduled time; now if absent.")
    destination: TargetBody | None = Field(default=None, description="Where it is to go.")

    def request(self) -> PreviewRequest:
        """The request, without the destination."""
        return PreviewRequest(**self.request_fields())


class PreviewBody(TemplateBody):
    """A template whose events are to be shown."""

    count: Annotated[int, Field(strict=True, ge=1, le=MAX_PREVIEW)] = 10
    first: Annotated[int, Field(strict=True, ge=0, lt=1 << 62)] = Field(
        default=0, description="The index of the first event."
    )
    at: Instant | None = Field(default=None, description="The scheduled time; now if absent.")
    engine: Literal["auto", "plan", "interpreter"] = "auto"

    def request(self) -> PreviewRequest:
        """The request as the service takes it."""
        return PreviewRequest(**self.request_fields())
