"""Binds calls of `get_row` to the content of files.

The files are known from the text: a path is a constant or a choice of a few. In the tree, a path
becomes the address of a file (`eventer.functions.row_files`), after sites were assigned, so that
draws do not depend on it. The digest of the template includes the content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from typing import Final, TypeAlias, cast

from eventer.core.errors import EvaluationError, TemplateError, TemplateStaticError
from eventer.core.model import JsonValue
from eventer.functions.catalog import CATALOG
from eventer.functions.row_files import ROW_FILES, RowFile
from eventer.functions.rows import GET_ROW
from eventer.jsonnet import nodes as n
from eventer.jsonnet.canonical_forms import pack
from eventer.jsonnet.importer import MAX_ROW_FILE_BYTES, Importer, StoredImporter, find_import
from eventer.jsonnet.load import Program
from eventer.jsonnet.native_calls import StaticNames
from eventer.jsonnet.walk import map_children, walk_nodes
from eventer.plan.argument_checks import NOT_CONSTANT, constant_of

MAX_PATHS: Final = 16
"""The most paths that one call may choose from."""

_Finder: TypeAlias = Callable[[str, str | None], RowFile]
"""The file that a path means in the library file with the call (None for the template)."""


def library_files(importer: Importer) -> _Finder:
    """Files of the library folder, as they are now."""

    def find(written: str, importing: str | None) -> RowFile:
        return ROW_FILES.add(*find_import(importer, written, importing, MAX_ROW_FILE_BYTES))

    return find


def kept_files(row_files: Sequence[tuple[str, str]]) -> _Finder:
    """Files whose content the service keeps."""
    digests = StoredImporter({path: digest.encode() for path, digest in row_files})

    def find(written: str, importing: str | None) -> RowFile:
        path, digest = find_import(digests, written, importing)
        return ROW_FILES.kept(path, digest.decode())

    return find


def bind_row_files(program: Program, find: _Finder) -> tuple[Program, tuple[RowFile, ...]]:
    """The program with calls bound to files, which it holds, and these files.

    Raises:
        TemplateError: a path is not known from the text, or its file cannot be read; at the place
            of the path.
    """
    binder = _Binder(program.vars, find)
    root = binder.bound(program.root, None)
    code = {path: binder.bound(tree, path) for path, tree in program.code.items()}
    files = tuple(binder.files[path] for path in sorted(binder.files))
    if not files:
        return program, ()
    parts = [part.encode() for file in files for part in (file.path, file.digest)]
    digest = blake2b(
        pack(program.digest, *parts), digest_size=32, person=b"eventer.template"
    ).digest()
    return replace(program, root=root, code=code, digest=digest, held=files), files


class _Binder:
    """Binds the trees of one template; `files` are those found, by library path."""

    def __init__(self, variables: Mapping[str, JsonValue], find: _Finder) -> None:
        self._variables = variables
        self._find = find
        self.files: dict[str, RowFile] = {}

    def bound(self, tree: n.Expr, importing: str | None) -> n.Expr:
        """A tree with addresses in place of paths."""
        names = StaticNames(tree)
        calls = [
            node
            for node in walk_nodes(tree)
            if isinstance(node, n.Apply)
            and node.positional
            and names.native(node.target) == GET_ROW.name
        ]
        if not calls:
            return tree
        addresses = {
            id(call.positional[0]): self._address(call.positional[0], names, importing)
            for call in calls
        }
        _read_in_advance(calls, addresses)

        def change(node: n.Node) -> n.Node:
            return addresses.get(id(node)) or map_children(node, change)

        return cast("n.Expr", change(tree))

    def _address(self, path: n.Expr, names: StaticNames, importing: str | None) -> n.Expr:
        """The expression of an address: a literal, or a choice by the path."""
        paths = list(dict.fromkeys(self._paths(path, names, set())))
        if not paths:
            raise _computed(path)
        if len(paths) > MAX_PATHS:
            raise TemplateStaticError(
                f"get_row: 'path' is one of {len(paths)} files; it may be one of {MAX_PATHS}",
                path.span,
                hint="put the rows into one file with another column",
            )
        found = {each: self._file(each, path, importing).address for each in paths}
        if isinstance(path, n.Literal):
            return n.Literal(path.span, found[paths[0]])
        choices = [
            n.Field(path.span, n.Literal(path.span, each), n.Literal(path.span, address))
            for each, address in found.items()
        ]
        return n.Index(path.span, n.Object(path.span, tuple(choices)), path)

    def _file(self, written: str, path: n.Expr, importing: str | None) -> RowFile:
        try:
            with ROW_FILES.loading():
                file = self._find(written, importing)
        except TemplateError as error:
            raise error.at(path.span) from None
        return self.files.setdefault(file.path, file)

    def _paths(self, path: n.Expr, names: StaticNames, seen: set[int]) -> Iterator[str]:
        """The texts that a path may be, without those of expressions that were seen already."""
        node = names.value(path)
        if id(node) in seen:
            return
        seen.add(id(node))
        match node:
            case n.Literal(value=str(text)):
                yield text
                return
            case n.If(then=then, otherwise=otherwise) if otherwise is not None:
                yield from self._paths(then, names, seen)
                yield from self._paths(otherwise, names, seen)
                return
            case n.Apply(positional=(argument, *_)):
                yield from self._chosen(path, node, argument, names)
                return
        raise _computed(path)

    def _chosen(
        self, path: n.Expr, call: n.Apply, argument: n.Expr, names: StaticNames
    ) -> Iterator[str]:
        """The texts that `std.extVar` or a function that chooses may return."""
        constant = constant_of(names.value(argument))
        native = CATALOG.find(names.native(call.target) or "")
        texts: Sequence[JsonValue] = ()
        if constant is NOT_CONSTANT:
            pass
        elif names.std(call.target) == "extVar" and isinstance(constant, str):
            texts = [self._variables.get(constant)]
        elif native is not None and native.items is not None:
            with suppress(EvaluationError):
                texts = native.items(cast("JsonValue", constant))
        if not texts or not all(isinstance(text, str) for text in texts):
            raise _computed(path)
        yield from (str(text) for text in texts)


def _computed(path: n.Expr) -> TemplateStaticError:
    return TemplateStaticError(
        "get_row: 'path' must be a constant, a variable of `vars`, or a choice of such",
        path.span,
        hint='write it as in get_row("cities.csv"), or get_row(get_one_of(["a.csv", "b.csv"]))',
    )


def _read_in_advance(calls: Sequence[n.Apply], addresses: Mapping[int, n.Expr]) -> None:
    """Reads files, columns and weights before the first event, whose time is limited.

    What is wrong with a call is an error of its evaluation.
    """
    for call in calls:
        address = addresses[id(call.positional[0])]
        given = [constant_of(each) for each in (address, *call.positional[1:])]
        constants = [None if each is NOT_CONSTANT else each for each in given]
        with suppress(EvaluationError), ROW_FILES.loading():
            GET_ROW.call(cast("list[JsonValue]", constants))
