"""Helpers for the tests of the front end."""

from eventer.core.errors import TemplateError
from eventer.core.model import Template
from eventer.core.source import Source
from eventer.jsonnet.desugar import desugar
from eventer.jsonnet.load import load
from eventer.jsonnet.nodes import Apply, ForSpec
from eventer.jsonnet.parser import parse
from eventer.jsonnet.walk import walk_nodes


def surface(text):
    return parse(Source("template", text))


def core(text):
    return desugar(surface(text))


def program(text, **files):
    imports = tuple((path.replace("__", "."), data.encode()) for path, data in files.items())
    return load(Template(text, imports=imports))


def digest(text, **files):
    return program(text, **files).digest


def sites(text, **files):
    """The sites of a template by the text of the application (or `for x`), sorted."""
    return sites_of(program(text, **files).root)


def sites_of(root):
    found = [node for node in walk_nodes(root) if isinstance(node, (Apply, ForSpec))]
    return sorted((written(node), node.site) for node in found)


def written(node):
    if isinstance(node, ForSpec):
        return f"for {node.name}"
    span = node.span
    return span.source.text[span.start : span.end]


def refused(text, **files):
    """The error that refuses a template."""
    try:
        program(text, **files)
    except TemplateError as error:
        return error
    message = f"accepted: {text}"
    raise AssertionError(message)


def where(error):
    """The text that an error points at, within its line."""
    place = error.place
    end = place.end_column if place.end_line == place.line else None
    return place.source_line[place.column - 1 : end and end - 1]
