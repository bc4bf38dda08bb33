"""The JSON Schema of add requests in files, for editors."""

from __future__ import annotations

from eventer import __version__
from eventer.api.request_file import SCHEMA_FILES, TEMPLATE_FILE
from eventer.api.wire.generator_requests import AddBody
from eventer.api.wire.response_model import Json


def add_request_schema() -> Json:
    """The schema of what `eventer add` reads: the body of the API, and names of files."""
    schema = AddBody.model_json_schema()
    event = schema["$defs"]["EventBody"]
    event["properties"][TEMPLATE_FILE] = {
        "type": "string",
        "description": "A Jsonnet file, relative to the request.",
        "examples": ["orders.jsonnet"],
    }
    source = next(each for each in event["allOf"] if _is_source(each))
    source["oneOf"].append({"required": [TEMPLATE_FILE]})
    topic = schema["$defs"]["KafkaOptions"]
    for file in SCHEMA_FILES:
        topic["properties"][file] = {
            "type": "string",
            "description": "A file with an Avro schema or a JSON Schema, relative to the request.",
            "examples": ["orders.avsc"],
        }
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Request of eventer add {__version__}",
    }
    return head | {name: value for name, value in schema.items() if name != "title"}


def _is_source(condition: Json) -> bool:
    """Whether this is the choice between the fields that hold a template."""
    return any("template" in each.get("required", ()) for each in condition.get("oneOf", ()))
