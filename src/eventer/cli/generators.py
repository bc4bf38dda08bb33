"""Commands for the generators of a running service: list, pause and so on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from eventer.cli.exit_codes import FAILED, OK, exit_with_code
from eventer.cli.option_values import choice
from eventer.cli.options import AsJson, Url, service_client
from eventer.cli.terminal import print_data, print_json, print_message, table

Id = Annotated[
    str, typer.Argument(metavar="ID", help="Id of a generator, a unique prefix of it, or a name.")
]
Ids = Annotated[
    list[str], typer.Argument(metavar="ID...", help="Ids of generators, unique prefixes, or names.")
]


@exit_with_code
def list_generators(context: typer.Context, *, url: Url = None, as_json: AsJson = False) -> None:
    """List all generators of a running service, oldest first."""
    answer = service_client(context, url).get("/generator/status")
    show_generators(answer["generators"], answer, as_json=as_json)


@exit_with_code
def status(context: typer.Context, id_: Id, *, url: Url = None, as_json: AsJson = False) -> None:
    """Show one generator in detail."""
    client = service_client(context, url)
    (full_id,) = client.full_ids([id_])
    answer = client.get("/generator/status", {"id": full_id})
    if as_json:
        print_json(answer)
    else:
        print_data(details(answer))


@exit_with_code
def pause(context: typer.Context, ids: Ids, *, url: Url = None, as_json: AsJson = False) -> None:
    """Pause generators. They deliver nothing after this command returns."""
    client = service_client(context, url)
    views = [client.post("/generator/pause", [("id", id_)]) for id_ in client.full_ids(ids)]
    show_generators(views, {"generators": views}, as_json=as_json)


@exit_with_code
def resume(
    context: typer.Context,
    ids: Ids,
    *,
    skip: Annotated[
        bool, typer.Option("--skip", help="Skip the event at which the generator failed.")
    ] = False,
    position: Annotated[
        str | None,
        typer.Option(
            "--position",
            metavar="registry|destination",
            parser=choice("registry", "destination"),
            help="Where to resume after a destination lost a position: after the events that were "
            "committed (registry), or at the destination's position, which delivers some again.",
        ),
    ] = None,
    url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Resume paused or failed generators."""
    client = service_client(context, url)
    options = [*([("skip", "1")] if skip else []), *([("position", position)] if position else [])]
    queries = [[("id", id_), *options] for id_ in client.full_ids(ids)]
    views = [client.post("/generator/resume", query) for query in queries]
    show_generators(views, {"generators": views}, as_json=as_json)


@exit_with_code
def remove(context: typer.Context, ids: Ids, *, url: Url = None, as_json: AsJson = False) -> int:
    """Stop and delete generators. Topics, tables and delivered events stay."""
    client = service_client(context, url)
    answer = client.post("/generator/remove", [("id", id_) for id_ in client.full_ids(ids)])
    if as_json:
        print_json(answer)
    for id_ in answer["removed"] if not as_json else ():
        print_data(f"removed {id_}")
    for id_ in answer["unknown"]:
        what = "id" if id_.isdecimal() else "name"
        print_message(f"error: no generator has the {what} {id_}")
    return FAILED if answer["unknown"] else OK


def show_generators(views: Sequence[Mapping[str, Any]], answer: object, *, as_json: bool) -> None:
    """Prints generators as a table, or an answer as JSON."""
    if as_json:
        print_json(answer)
    elif views:
        header = (
            "ID",
            "NAME",
            "STATE",
            "DESTINATION",
            "EVENTS",
            "POSITION",
            "RATE",
            "LAG",
            "LAST ERROR",
        )
        print_data(table(header, [_row(view) for view in views]))
    else:
        print_message("there are no generators")


def _row(view: Mapping[str, Any]) -> Sequence[object]:
    from eventer.core.pace_json import pace_label

    event, error = view["event"], view["last_error"] or {}
    return (
        view["id"],
        view["name"],
        view["state"],
        destination_label(view["destination"]),
        pace_label(event.get("pace") or event) + (" timelines" if "timeline" in event else ""),
        view["position"],
        view["delivered_rate"],
        view["lag"],
        error.get("message"),
    )


def _stage_label(stage: Mapping[str, Any]) -> str:
    return f"{stage['rate'] if 'rate' in stage else 'to ' + stage['to']} for {stage['for']}"


def destination_label(destination: Mapping[str, Any]) -> str:
    """A destination as `CONNECTION:NAME`, for example `kafka:orders` or `file:shop/orders`."""
    options = destination[destination["type"]]
    name = next(options[field] for field in ("topic", "table", "path") if field in options)
    return f"{options['connection']}:{name}"


def details(view: Mapping[str, Any]) -> str:
    """A generator as lines of text, its last error with the source line."""
    from eventer.client.problems import problem_error
    from eventer.core.error_text import format_error

    flat = {
        **view,
        "destination": destination_label(view["destination"]),
        **{name: view["event"][name] for name in ("dataset", "stream")},
        **view["event"].get("timeline", {}),
        **{name: view["event"][name] for name in ("only",) if name in view["event"]},
        **(view["event"].get("pace") or {n: view["event"][n] for n in ("count", "interval")}),
    }
    if "stages" in flat:
        flat["stages"] = ", ".join(map(_stage_label, flat["stages"]))
    if "profile" in flat:
        flat["profile"] = " ".join(f"{each:g}" for each in flat["profile"])
    flat["waits_for"] = ", ".join(view.get("waits_for", ())) or None
    if flat.get("timelines") is None:
        flat.pop("timelines", None)
    error, warnings = flat.pop("last_error"), flat.pop("warnings", ())
    del flat["event"]
    width = max(map(len, flat))
    lines = [f"{name:<{width}}  {'-' if value is None else value}" for name, value in flat.items()]
    lines += [f"warning: {warning['message']}" for warning in warnings]
    if error:
        fault = {"pointer": f"at {error['at']}", **error}
        lines.append(format_error(problem_error(422, {"detail": "last error", "errors": [fault]})))
    return "\n".join(lines)
