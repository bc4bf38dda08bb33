"""The file harness of the conformance tests: reads and changes parts without Eventer's code."""

import csv
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from eventer.core.model import FileFormat, FileTarget, Guarantee, JsonValue, Target
from eventer.destinations.file.audit import FileTargetAuditor
from eventer.destinations.file.connection import FileConnection
from eventer.destinations.file.settings import FileSettings
from eventer.testing.audit_conformance import EventIdentity
from eventer.testing.destination_scenario import event


class FileHarness:
    guarantee: Guarantee = "exactly-once"
    rolls_back = True
    event_identity = EventIdentity.BY_CONTENT

    def __init__(self, root: Path, file_format: FileFormat) -> None:
        self.root = root
        self.format: FileFormat = file_format

    def connection(self, cluster: int, shard: int = 0) -> FileConnection:
        return FileConnection(FileSettings(self.root), name="file", cluster=cluster, shard=shard)

    def target_auditor(self, cluster: int, shard: int = 0) -> FileTargetAuditor:
        del shard
        return FileTargetAuditor(FileSettings(self.root), cluster=cluster)

    def unreachable(self) -> FileConnection:
        (self.root / "file").touch()
        return FileConnection(
            FileSettings(self.root / "file" / "root"), name="file", cluster=1, shard=0
        )

    def target(self, name: str) -> Target:
        return FileTarget(name, format=self.format)

    def rejecting(self, name: str) -> tuple[Target, JsonValue]:
        if self.format == "ndjson":
            target = FileTarget(name, format=self.format, partition_by=("p",))
            return target, event(0) | {"p": {"no": "folder"}}
        return self.target(name), event(0) | {"word": 5}

    def steered(self, name: str) -> Target:
        raise NotImplementedError

    async def latest(self, target: Target) -> Sequence[JsonValue]:
        raise NotImplementedError

    async def drop(self, target: Target) -> None:
        shutil.rmtree(self.root / target.location)

    async def read(self, target: Target) -> Sequence[JsonValue]:
        rows = [row for path in self.paths(target) for row in read_rows(path)]
        return sorted(rows, key=lambda row: row["n"])

    def paths(self, target: Target) -> list[Path]:
        return sorted((self.root / target.location).rglob(f"*.{self.format}"))

    async def lose(self, target: Target, n: int) -> None:
        self._change(target, n, lambda rows: [row for row in rows if row["n"] != n])

    async def alter(self, target: Target, n: int, word: str) -> None:
        self._change(
            target, n, lambda rows: [row | {"word": word} if row["n"] == n else row for row in rows]
        )

    async def add(self, target: Target, value: dict, like: int | None = None) -> None:
        """A repeated event is a second row in the part; a foreign one is a file of its own."""
        if like is not None:
            self._change(target, like, lambda rows: [*rows, value])
            return
        folder = self.root / target.location
        write_rows(folder / f"{len(list(folder.iterdir()))}-added.{self.format}", [value])

    def _change(self, target: Target, n: int, change) -> None:
        (path,) = [
            path for path in self.paths(target) if any(row["n"] == n for row in read_rows(path))
        ]
        write_rows(path, change(read_rows(path)))


def read_rows(path: Path) -> list[dict]:
    match path.suffix:
        case ".ndjson":
            return [json.loads(line) for line in path.read_bytes().splitlines()]
        case ".csv":
            with path.open(newline="", encoding="utf-8") as file:
                return [{**row, "n": int(row["n"])} for row in csv.DictReader(file)]
        case _:
            return pq.read_table(path, partitioning=None).to_pylist()


def write_rows(path: Path, rows: list[dict]) -> None:
    match path.suffix:
        case ".ndjson":
            texts = [json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows]
            path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
        case ".csv":
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.DictWriter(file, ["n", "word"], quoting=csv.QUOTE_NONNUMERIC)
                writer.writeheader()
                writer.writerows(rows)
        case _:
            schema = pa.schema([("n", pa.int64()), ("word", pa.large_string())])
            pq.write_table(pa.Table.from_pylist(rows, schema), path)
