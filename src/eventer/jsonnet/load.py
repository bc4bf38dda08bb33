"""A template's text to a program that can be evaluated: `load` calls the stages in their order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from eventer.core.errors import RequestError
from eventer.core.json_errors import json_problem
from eventer.core.model import JsonValue, Template
from eventer.core.source import Source
from eventer.jsonnet.built_in_library import expand_built_in_library
from eventer.jsonnet.canonical import ResolvedFile, canonicalize
from eventer.jsonnet.desugar import desugar
from eventer.jsonnet.imported_files import ImportedFiles
from eventer.jsonnet.importer import Importer, StoredImporter
from eventer.jsonnet.name_resolution import resolve_names
from eventer.jsonnet.native_arguments import NativeSignatures, with_positional_calls
from eventer.jsonnet.nodes import Expr
from eventer.jsonnet.parser import parse


@dataclass(frozen=True, slots=True)
class Program:
    """A loaded template.

    Attributes:
        root: The canonical tree. In every tree, `Import.path` is a library path.
        digest: 32 bytes, equal for templates that mean the same (`docs/explanation/identity.md`).
        code: The canonical trees of the files that reachable `import`s name, by library path.
        files: The bytes of the files that reachable `importstr`s and `importbin`s name.
        vars: External variables and top-level arguments; all numbers are floats.
        imports: All files that the template imports, sorted by path: `Template.imports`.
        held: What stays in memory as long as the program.
    """

    root: Expr
    digest: bytes
    code: Mapping[str, Expr] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    vars: Mapping[str, JsonValue] = field(default_factory=dict)
    imports: tuple[tuple[str, bytes], ...] = ()
    held: tuple[object, ...] = ()


def load(
    template: Template,
    importer: Importer | None = None,
    natives: NativeSignatures = MappingProxyType({}),
) -> Program:
    """The program of a template.

    Args:
        template: Text, variables and stored imports.
        importer: Reads the imports; without it, only the stored imports can be read.
        natives: What `eventer.libsonnet` offers, and whose named arguments get an order.

    Raises:
        TemplateError: the template, or a file that it imports, is refused before evaluation.
        RequestError: `vars` is not a JSON object.
    """
    files = ImportedFiles(importer or StoredImporter(dict(template.imports)))
    root = _resolved(Source(template.name, template.text), None, files, natives)
    imported = {path: _resolved(text, path, files, natives) for path, text in files.new_code()}
    variables = _variables(template.vars)
    canonical = canonicalize(root, imported, files.data, variables)
    return Program(
        root=with_positional_calls(canonical.root, natives),
        digest=canonical.digest,
        code={p: with_positional_calls(tree, natives) for p, tree in canonical.code.items()},
        files=canonical.files,
        vars=variables,
        imports=tuple(sorted(files.data.items())),
    )


def _resolved(
    source: Source, path: str | None, files: ImportedFiles, natives: NativeSignatures
) -> ResolvedFile:
    """One file: parses and desugars it, reads its imports, resolves its variables."""
    core = desugar(parse(source))
    if files.imports_built_in(core, path):
        core = expand_built_in_library(core, natives)
    core = files.read_imports(core, path)
    return ResolvedFile(core, resolve_names(core))


def _variables(text: str) -> Mapping[str, JsonValue]:
    try:
        value = json.loads(text, parse_int=float)
    except json.JSONDecodeError as error:
        problem = f"{json_problem(error)} at line {error.lineno}, column {error.colno}"
        raise RequestError(f"`vars` is not valid JSON: {problem}") from error
    if not isinstance(value, dict):
        raise RequestError("`vars` must be a JSON object")
    return value
