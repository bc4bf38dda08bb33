"""Paces in answers: as in a request, and their events by time."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from eventer.api.wire.response_model import DurationText, InstantText, ResponseModel


class PacePreviewOut(ResponseModel):
    """The events of a pace by time."""

    begin: InstantText = Field(description="When the first bucket begins.")
    bucket: DurationText = Field(description="The length of a bucket; the last may be shorter.")
    counts: list[int] = Field(description="Events of each bucket.")
    events: int = Field(description="Events of all buckets.")
    mean_rate: float = Field(description="Events per second over all buckets.")
    peak_rate: float = Field(
        description="Events per second where the pace is fastest; with `cron` and `interval`, of "
        "the bucket with the most."
    )
    peak_at: InstantText = Field(description="When the bucket with the most events begins.")
    total: int | None = Field(description="All events of the pace; `null` if it has no end.")
    last: InstantText | None = Field(description="When the last of them is due.")


class StageOut(ResponseModel):
    """A stage of a pace."""

    model_config = ConfigDict(serialize_by_alias=True)

    rate: str | None = None
    to: str | None = None
    for_: str = Field(alias="for", examples=["5m"])


class PaceOut(ResponseModel):
    """A pace, as in a request. Fields that it does not use are omitted."""

    rate: str | None = Field(default=None, examples=["500/s"])
    stages: list[StageOut] | None = None
    repeat: bool | int | None = None
    profile: list[float] | None = None
    timezone: str | None = None
    cron: str | None = None
    interval: str | None = None
    count: int | None = None
    arrivals: Literal["random"] | None = None
    start: str | None = None
    end: str | None = None
    max_events: int | None = None
