"""Whether a JSON value matches a JSON schema, for the keywords of our OpenAPI document."""

import re
from datetime import date, datetime

TYPES = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
FORMATS = {"date-time": datetime.fromisoformat, "date": date.fromisoformat}
ANNOTATIONS = {"title", "description", "examples", "default", "contentEncoding"}


def matches(value, schema, document):
    """Whether `value` matches `schema`; references are looked up in `document`."""

    def match(value, schema):
        return all(
            keywords[keyword](value, argument, schema)
            for keyword, argument in schema.items()
            if keyword not in ANNOTATIONS
        )

    def referenced(value, path, _):
        return match(value, document["components"]["schemas"][path.rpartition("/")[2]])

    def known_format(value, name, _):
        try:
            return not isinstance(value, str) or bool(FORMATS[name](value))
        except ValueError:
            return False

    def properties(value, named, _):
        found = value.items() if isinstance(value, dict) else ()
        return all(match(inner, named[name]) for name, inner in found if name in named)

    def additional(value, allowed, schema):
        found = value.items() if isinstance(value, dict) else ()
        more = [inner for name, inner in found if name not in schema.get("properties", {})]
        return allowed is True or (
            not more if allowed is False else all(match(inner, allowed) for inner in more)
        )

    def length(kind, compare):
        return lambda value, bound, _: not isinstance(value, kind) or compare(len(value), bound)

    def size(compare):
        return lambda value, bound, _: not TYPES["number"](value) or compare(value, bound)

    keywords = {
        "$ref": referenced,
        "type": lambda value, name, _: TYPES[name](value),
        "format": known_format,
        "const": lambda value, expected, _: value == expected,
        "enum": lambda value, values, _: any(same(value, each) for each in values),
        "anyOf": lambda value, schemas, _: any(match(value, each) for each in schemas),
        "oneOf": lambda value, schemas, _: sum(match(value, each) for each in schemas) == 1,
        "pattern": lambda value, text, _: (
            not isinstance(value, str) or bool(re.search(text, value))
        ),
        "minLength": length(str, int.__ge__),
        "maxLength": length(str, int.__le__),
        "minItems": length(list, int.__ge__),
        "maxItems": length(list, int.__le__),
        "minimum": size(lambda value, bound: value >= bound),
        "maximum": size(lambda value, bound: value <= bound),
        "items": lambda value, each, _: (
            not isinstance(value, list) or all(match(inner, each) for inner in value)
        ),
        "required": lambda value, names, _: not isinstance(value, dict) or set(names) <= set(value),
        "properties": properties,
        "additionalProperties": additional,
        "propertyNames": lambda value, each, _: (
            not isinstance(value, dict) or all(match(name, each) for name in value)
        ),
    }
    return match(value, schema)


def same(value, other):
    """JSON equality: true is not 1."""
    return type(value) is type(other) and value == other


def query_matches(text, schema, document):
    """Whether the text of a query parameter matches its schema."""
    candidates = [text]
    if re.fullmatch("-?[0-9]+", text):
        candidates.append(int(text))
    if text in ("true", "false"):
        candidates.append(text == "true")
    return any(matches(each, schema, document) for each in candidates)
