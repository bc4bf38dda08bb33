"""Options that say when events are due, and what happens when one fails."""

from __future__ import annotations

from typing import Annotated

import typer

from eventer.cli.option_values import choice, integer
from eventer.core.limits import MAX_INDEX, MAX_TICK_EVENTS
from eventer.core.model import OnError, OnNull
from eventer.core.pace import Arrivals

Rate = Annotated[
    str | None,
    typer.Option("--rate", metavar="RATE", help="Exact rate, such as 5k/s, 100/m or 0.5/s."),
]
StageList = Annotated[
    str | None,
    typer.Option(
        "--stages",
        metavar="STAGES",
        help="Rates one after the other, such as '100/s for 1m, to 1k/s for 5m, repeat 3'.",
    ),
]
Multipliers = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NUMBERS",
        help="Multipliers of --rate: 24 for the hours of a day, or 168 for a week from Monday.",
    ),
]
TimeZone = Annotated[
    str | None,
    typer.Option("--timezone", metavar="NAME", help="Time zone of --profile; default: UTC."),
]
ArrivalTimes = Annotated[
    Arrivals,
    typer.Option(
        "--arrivals",
        metavar="even|random",
        parser=choice("even", "random"),
        help="Whether events are due at even or at random distances; the rate is the same.",
    ),
]
Start = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar="INSTANT",
        help="When the first event is due, such as now-7d; past events are delivered at once.",
    ),
]
End = Annotated[
    str | None,
    typer.Option(
        "--end", metavar="INSTANT", help="No event is due from this instant on, such as now+1h."
    ),
]
Count = Annotated[
    int | None,
    typer.Option(
        "--count",
        metavar="NUMBER",
        parser=integer(1, MAX_TICK_EVENTS),
        help="Number of events per --interval.",
    ),
]
Interval = Annotated[
    str | None,
    typer.Option(
        "--interval", metavar="DURATION", help="Time between ticks, such as 10s, 250ms or 1h30m."
    ),
]
MaxEvents = Annotated[
    int | None,
    typer.Option(
        "--max-events",
        "-n",
        metavar="NUMBER",
        parser=integer(1, MAX_INDEX),
        help="Total number of events.",
    ),
]
WhenFailing = Annotated[
    OnError,
    typer.Option(
        "--on-error",
        metavar="stop|skip|retry",
        parser=choice(*OnError),
        help="Whether to stop, skip the event, or retry its delivery when an event fails.",
    ),
]
WhenNull = Annotated[
    OnNull,
    typer.Option(
        "--on-null",
        metavar="emit|drop",
        parser=choice(*OnNull),
        help="Whether to emit or drop an event whose written value is null.",
    ),
]
