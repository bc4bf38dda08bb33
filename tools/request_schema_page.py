"""Writes `docs/reference/request_schema.json` from the request model; `--check` only compares."""

from __future__ import annotations

import json
import sys

from reference_page import write_or_check

from eventer.api.request_schema import add_request_schema


def page() -> str:
    """The text of the schema."""
    return json.dumps(add_request_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(write_or_check("request_schema", page(), "json"))
