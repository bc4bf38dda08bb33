"""Whether a JSON value matches a schema of our OpenAPI document."""

import re

from jsonschema_rs import Draft202012Validator


def validator(schema, document):
    """The validator of a schema; `document` has the parts that it refers to."""
    return Draft202012Validator(
        schema | {"components": document["components"]}, validate_formats=True
    )


def query_matches(text, is_valid):
    """Whether the text of a query parameter has a value that is valid."""
    candidates = [text]
    if re.fullmatch("-?[0-9]+", text):
        candidates.append(int(text))
    if text in ("true", "false"):
        candidates.append(text == "true")
    return any(map(is_valid, candidates))
