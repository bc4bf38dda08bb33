"""Formats templates in this process; `TemplateService.format` asks an inspector to."""

from __future__ import annotations

from eventer.core.source import Source
from eventer.jsonnet.format.formatter import format_source


def format_template(text: str, name: str = "template") -> str:
    """A template in the usual form; errors call it `name`. See `format_source`.

    Raises:
        TemplateSyntaxError: it is not valid Jsonnet.
    """
    return format_source(Source(name, text))
