"""The files that a template imports, directly or not; each is read once, so cycles end."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, cast

from eventer.core.errors import TemplateError, TemplateStaticError
from eventer.core.source import Source
from eventer.core.suggestions import closest_name
from eventer.jsonnet.built_in_library import BUILT_IN_LIBRARY, find_built_in_import
from eventer.jsonnet.importer import Importer, StoredImporter, find_import
from eventer.jsonnet.nodes import Expr, Import, Node
from eventer.jsonnet.std.byte_codecs import decode_utf8
from eventer.jsonnet.walk import map_children, walk_nodes

MAX_IMPORTED_BYTES: Final = 8 << 20
"""The total size of the files that one template can import."""


class ImportedFiles:
    """Files by library path; `data` holds the bytes of every file."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self._worklist: list[str] = []
        self._seen: set[str] = set()
        self._bytes = 0
        self.data: dict[str, bytes] = {}

    def new_code(self) -> Iterator[tuple[str, Source]]:
        """Paths and texts of files imported as code, until `read_imports` finds no new ones."""
        while self._worklist:
            path = self._worklist.pop()
            yield path, Source(path, decode_utf8(self.data[path]))

    def imports_built_in(self, core: Expr, importing: str | None) -> bool:
        """Whether a file imports the built-in library.

        A stored file of that name takes its place: generators had such files before there was a
        built-in library.

        Raises:
            TemplateStaticError: the library folder has a file of that name.
        """
        node = find_built_in_import(core)
        if node is None:
            return False
        own = self._find_own(node, importing)
        if own is None:
            return True
        if isinstance(self._importer, StoredImporter):
            return False
        raise TemplateStaticError(
            f"{BUILT_IN_LIBRARY!r} is built in, but the library has a file {own!r}",
            node.span,
            hint=f"rename the file, or import it as './{BUILT_IN_LIBRARY}'",
        )

    def _find_own(self, node: Import, importing: str | None) -> str | None:
        try:
            path, _ = find_import(self._importer, node.path, importing)
        except TemplateStaticError:
            return None
        return path

    def read_imports(self, core: Expr, importing: str | None) -> Expr:
        """Reads the imports of a file; returns its tree with library paths in `Import` nodes.

        Raises:
            TemplateError: an import cannot be read, at its place.
        """
        if not any(isinstance(node, Import) for node in walk_nodes(core)):
            return core

        def change(node: Node) -> Node:
            if isinstance(node, Import):
                return replace(node, path=self._read(node, importing))
            return map_children(node, change)

        return cast("Expr", change(core))

    def _read(self, node: Import, importing: str | None) -> str:
        try:
            path, data = find_import(self._importer, node.path, importing)
        except TemplateError as error:
            if node.path == BUILT_IN_LIBRARY:
                raise _no_text(node) from None
            if node.kind == "import":
                error.hint = _missing_hint(node.path, error.hint)
            raise error.at(node.span) from None
        self._store(node, path, data)
        if node.kind == "import" and path not in self._seen:
            self._seen.add(path)
            self._worklist.append(path)
        return path

    def _store(self, node: Import, path: str, data: bytes) -> None:
        if path in self.data:
            return
        self.data[path] = data
        self._bytes += len(data)
        if self._bytes > MAX_IMPORTED_BYTES:
            message = f"the template imports more than {MAX_IMPORTED_BYTES} bytes"
            raise TemplateStaticError(message, node.span)


def _missing_hint(path: str, hint: str | None) -> str | None:
    """The hint, with the built-in library if the path looks like a misspelling of it."""
    stem, built_in = (
        posixpath.basename(each).partition(".")[0] for each in (path, BUILT_IN_LIBRARY)
    )
    if closest_name(stem, [built_in]) is None:
        return hint
    meant = f"did you mean {BUILT_IN_LIBRARY!r}?"
    return meant if hint is None else f"{meant} Otherwise: {hint}"


def _no_text(node: Import) -> TemplateStaticError:
    return TemplateStaticError(
        f"{BUILT_IN_LIBRARY!r} is built in and has no text",
        node.span,
        hint=f"write `local e = import '{BUILT_IN_LIBRARY}';` and then `e.integer(1, 10)`",
    )
