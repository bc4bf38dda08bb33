"""Writes `docs/reference/api.md` from the API's own document; with `--check` only compares them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from reference_page import write_or_check

from eventer.api.app import create_routes
from eventer.api.problems import PROBLEM_TYPES
from eventer.service.eventer import Eventer
from eventer.settings.model import Settings

Json = Mapping[str, Any]

INTRODUCTION: Final = """# HTTP API

<!-- Made by tools/api_page.py from the routes and shapes in src/eventer/api: change those. -->

The service listens on <http://127.0.0.1:9099>. `/docs` has the same as below to try out,
without any network; `/openapi.json` is for machines. Bodies are JSON and say so (`Content-Type:
application/json`); they are at most 1 MiB, nested at most 64 deep. Ids and seeds are decimal
text, as they do not fit into every client's numbers; where they are sent, numbers are taken
too.

With `EVENTER_TOKEN` set, requests carry `Authorization: Bearer <token>`; `EVENTER_READ_TOKEN`
allows reading, preview, validate and verify. `/healthz`, `/readyz` and the documentation need none.
Hosts that are not this service's (`EVENTER_ALLOWED_HOSTS`) and pages of other origins are
refused.

## Problems

Every answer that is no success is `application/problem+json` (RFC 9457). `errors` has each single
mistake: `pointer` says where in the body (RFC 6901) or `parameter` which of the query, and for
templates `line`, `column`, `source_line` and `hint` say where and what to do.

| Status | `type` | Title |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    # The document is made from the routes alone; no service is ever called.
    document = create_routes(cast("Eventer", None), Settings()).openapi()
    kinds = (f"| {kind.status} | `{kind.urn}` | {kind.title} |\n" for kind in PROBLEM_TYPES)
    return INTRODUCTION + "".join(kinds) + "".join(_paths(document)) + "".join(_shapes(document))


def _paths(document: Json) -> Iterator[str]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"\n## `{method.upper()} {path}`\n\n{operation['summary']}.\n"
            yield f"\n{operation['description']}\n"
            yield from _query(operation)
            yield from _body(operation)
            yield from _answers(operation)


def _query(operation: Json) -> Iterator[str]:
    if operation.get("parameters"):
        yield "\n| Query | Takes | What it is |\n|---|---|---|\n"
    for parameter in operation.get("parameters", ()):
        need = "" if parameter["required"] else "; may be left out"
        kind = _type(parameter["schema"])
        yield f"| `{parameter['name']}` | {kind}{need} | {parameter.get('description', '')} |\n"


def _body(operation: Json) -> Iterator[str]:
    if "requestBody" not in operation:
        return
    content = operation["requestBody"]["content"]["application/json"]
    yield f"\nBody: {_type(content['schema'])}.\n"
    for example in content.get("examples", {}).values():
        text = json.dumps(example["value"], indent=2, ensure_ascii=False)
        yield f"\n{example['summary']}:\n\n```json\n{text}\n```\n"


def _answers(operation: Json) -> Iterator[str]:
    content = operation["responses"]["200"].get("content", {})
    shown = content.get("application/json", {}).get("schema")
    if shown:
        yield f"\nAnswers {_type(shown)}.\n"
    others = [status for status in operation["responses"] if status != "200"]
    yield f"\nProblems: {', '.join(others)}.\n"


def _shapes(document: Json) -> Iterator[str]:
    yield "\n## Shapes\n"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield f"\n### `{name}`\n\n{schema.get('description', '')}\n"
        yield "\n| Field | Type | What it is |\n|---|---|---|\n"
        required = set(schema.get("required", ()))
        for field, shape in schema.get("properties", {}).items():
            default = shape.get("default")
            rest = "" if field in required or default is None else f" (`{json.dumps(default)}`)"
            optional = "" if field in required else f"; may be left out{rest}"
            yield f"| `{field}` | {_type(shape)}{optional} | {shape.get('description', '')} |\n"


def _type(schema: Json) -> str:
    """A schema in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[`{name}`](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("contentEncoding"):
        return f"{schema['contentEncoding']} text"
    names = {None: "JSON", "string": "text", "null": "`null`", "object": "object"}
    return names.get(kind, str(kind))


if __name__ == "__main__":
    sys.exit(write_or_check("api", page()))
