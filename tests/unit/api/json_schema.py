"""Whether a JSON value matches a schema of our OpenAPI document."""

import re

from jsonschema_rs import Draft202012Validator


def validator(schema, document):
    """The validator of a schema; `document` has the parts that it refers to."""
    return Draft202012Validator(
        schema | {"components": document["components"]}, validate_formats=True
    )


def query_matches(text, schema, document):
    """Whether the text of a query parameter matches its schema."""
    candidates = [text]
    if re.fullmatch("-?[0-9]+", text):
        candidates.append(int(text))
    if text in ("true", "false"):
        candidates.append(text == "true")
    return any(map(validator(schema, document).is_valid, candidates))
