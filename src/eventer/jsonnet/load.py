"""A template's text to a program that can be evaluated: the stages of the front end, in order.

lexer, parser      text to surface tree            refuses what is no Jsonnet
desugar            surface tree to core tree
scope              meanings of variables           refuses what means nothing
(imports)          the same for each imported file, once
canonical          sites, and the digest           drops unused locals
lint               warnings
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, cast

from eventer.core.errors import RequestError, TemplateError, TemplateStaticError
from eventer.core.model import JsonValue, Template
from eventer.core.source import Source
from eventer.jsonnet.canonical import ResolvedFile, canonicalize
from eventer.jsonnet.desugar import desugar
from eventer.jsonnet.importer import Importer, StoredImporter, find_import
from eventer.jsonnet.lint import LintNames, TemplateWarning, lint
from eventer.jsonnet.name_resolution import resolve_names
from eventer.jsonnet.nodes import Expr, Import, Node
from eventer.jsonnet.parser import parse
from eventer.jsonnet.walk import map_children, walk_nodes

MAX_IMPORTED_BYTES: Final = 8 << 20
"""How much text a template can import in all."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a template is to the evaluator.

    In its trees every `Import.path` is a library path: `code` holds the core tree of each file
    imported by `import`, `files` the bytes of each imported by `importstr` or `importbin`.
    `vars` are the external variables and top-level arguments, all numbers floats. `digest` (32
    bytes) is equal for templates that mean the same: `docs/explanation/identity.md` says which do.
    """

    root: Expr
    digest: bytes
    code: Mapping[str, Expr] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    vars: Mapping[str, JsonValue] = field(default_factory=dict)
    warnings: tuple[TemplateWarning, ...] = ()


def load(
    template: Template, importer: Importer | None = None, names: LintNames | None = None
) -> Program:
    """The program of a template.

    Args:
        template: Text, variables and stored imports.
        importer: Reads the imports; without it, only what is stored with the template is there.
        names: Of natives, for warnings; without them there are none.

    Raises:
        TemplateError: the template, or a file that it imports, is refused before evaluation.
        RequestError: `vars` is no JSON object.
    """
    files = _FileLoader(importer or StoredImporter(dict(template.imports)))
    root = files.load_all(Source(template.name, template.text))
    variables = _variables(template.vars)
    canonical = canonicalize(root, files.resolved, files.data, variables)
    return Program(
        root=canonical.root,
        digest=canonical.digest,
        code=canonical.code,
        files=canonical.files,
        vars=variables,
        warnings=_warnings([root, *files.resolved.values()], names),
    )


def _warnings(
    resolved: Sequence[ResolvedFile], names: LintNames | None
) -> tuple[TemplateWarning, ...]:
    if names is None:
        return ()
    return tuple([warning for each in resolved for warning in lint(each, names)])


def collect_imports(template: Template, importer: Importer) -> Template:
    """The template with all that it imports, directly or not, stored in it.

    Raises:
        TemplateError: the template, or a file that it imports, is refused before evaluation.
    """
    files = _FileLoader(importer)
    files.load_all(Source(template.name, template.text))
    return replace(template, imports=tuple(sorted(files.data.items())))


class _FileLoader:
    """The files of a template, each read and parsed once, so that cycles end."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self._worklist: list[tuple[str, bytes]] = []
        self._seen: set[str] = set()
        self._bytes = 0
        self.resolved: dict[str, ResolvedFile] = {}
        self.data: dict[str, bytes] = {}

    def load_all(self, source: Source) -> ResolvedFile:
        """The template; afterwards `resolved` and `data` hold what it imports."""
        root = self._parse(source, None)
        while self._worklist:
            path, data = self._worklist.pop()
            text = codecs.decode(data, errors=_BYTE_BY_BYTE)
            self.resolved[path] = self._parse(Source(path, text), path)
        return root

    def _parse(self, source: Source, path: str | None) -> ResolvedFile:
        core = self._with_library_paths(desugar(parse(source)), path)
        return ResolvedFile(core, resolve_names(core))

    def _with_library_paths(self, core: Expr, importing: str | None) -> Expr:
        if not any(isinstance(node, Import) for node in walk_nodes(core)):
            return core

        def change(node: Node) -> Node:
            if isinstance(node, Import):
                return replace(node, path=self._import(node, importing))
            return map_children(node, change)

        return cast("Expr", change(core))

    def _import(self, node: Import, importing: str | None) -> str:
        try:
            path, data = find_import(self._importer, node.path, importing)
        except TemplateError as error:
            raise error.at(node.span) from None
        self._store(node, path, data)
        if node.kind == "import" and path not in self._seen:
            self._seen.add(path)
            self._worklist.append((path, self.data[path]))
        return path

    def _store(self, node: Import, path: str, data: bytes) -> None:
        if path in self.data:
            return
        self.data[path] = data
        self._bytes += len(data)
        if self._bytes > MAX_IMPORTED_BYTES:
            message = f"this template imports more than {MAX_IMPORTED_BYTES} bytes"
            raise TemplateStaticError(message, node.span)


def _variables(text: str) -> Mapping[str, JsonValue]:
    try:
        value = json.loads(text, parse_int=float)
    except ValueError as error:
        raise RequestError(f"`vars` is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise RequestError("`vars` must be a JSON object")
    return value


def _byte_by_byte(error: UnicodeError) -> tuple[str, int]:
    """Each byte that is no UTF-8 becomes one U+FFFD, as Go reads text."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\ufffd", error.start + 1


_BYTE_BY_BYTE: Final = "eventer.byte-by-byte"
codecs.register_error(_BYTE_BY_BYTE, _byte_by_byte)
