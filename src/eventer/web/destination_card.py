"""What the topic, table or folder of a generator looks like, as far as the service knows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nicegui import ui

from eventer.core.model import FileTarget, KafkaTarget, PostgresTarget, ServiceTarget, WrittenPart
from eventer.service.destination_kinds import request_options
from eventer.service.record_schemas import record_schema_texts
from eventer.service.views import GeneratorView
from eventer.web.event_views import show_columns
from eventer.web.layout import card, code_block

_TITLES: Final = {
    "kafka": "Topic",
    "postgres": "Table",
    "file": "Folder",
    "http": "Endpoint",
    "mysql": "Table",
}


def build_destination(view: GeneratorView) -> None:
    """Builds the card."""
    with card(_TITLES.get(view.target.kind, "Destination")):
        with ui.element("dl").classes("kv"):
            for name, value in destination_facts(view):
                with ui.element("dt"):
                    ui.label(name)
                with ui.element("dd"):
                    ui.label(value)
        if view.target.has_columns:
            show_columns(view.record.spec.shape)
        for subject, text in record_schema_texts(view.record.spec).items():
            ui.label(f"Schema of {subject}").classes("soft small")
            code_block(text)


def destination_facts(view: GeneratorView) -> Iterator[tuple[str, str]]:
    """Names and values of the options that are set, and what is known of the destination."""
    target, part = view.target, view.target.part
    yield "Connection", target.connection
    match target:
        case KafkaTarget():
            yield "Topic", target.topic
            known = "not known until an event is committed"
            yield "Partitions", str(view.partitions or target.partitions or known)
            yield "Key", target.key or "none: events are spread over the partitions"
            headers = ", ".join(f"{name} from {field}" for name, field in target.headers)
            for name, value in (
                ("Partition from", target.partition),
                ("Timestamp from", target.timestamp),
                ("Headers", headers),
                ("Format", "" if target.format == "json" else target.format),
                ("Key format", "" if target.key_format == "json" else target.key_format),
            ):
                if value:
                    yield name, value
        case PostgresTarget():
            yield "Table", target.table
            yield "Key", ", ".join(target.key or ()) or "the primary key, if the table has one"
        case FileTarget():
            yield "Folder", target.path
            yield "Format", target.format
            if target.partition_by:
                yield "Partitioned by", ", ".join(target.partition_by)
        case ServiceTarget():
            shared = {"connection", *WrittenPart.__dataclass_fields__}
            for name, value in request_options(target).items():
                if name not in shared:
                    yield name.replace("_", " ").capitalize(), str(value)
    for name, value in (
        ("Written", part.value),
        ("Left out", ", ".join(part.omit)),
        ("Operation from", target.op),
    ):
        if value:
            yield name, value
