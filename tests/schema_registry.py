"""A schema registry for tests: the part of Confluent's API that the product and its clients use.

It stores schemas and gives them ids. `refuse` makes it refuse further versions of a subject, as a
compatibility rule would; it can be stopped and started again at its address.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest


class TestRegistry:
    """A registry on loopback."""

    __test__ = False

    def __init__(self, login: str | None = None) -> None:
        self.login = login
        self.schemas: list[dict[str, str]] = []
        self.subjects: dict[str, list[int]] = {}
        self.refused: dict[str, list[str]] = {}
        self.requests: list[str] = []
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                self._answer(None)

            def do_POST(self) -> None:
                self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

            def _answer(self, body: dict[str, str] | None) -> None:
                login = self.headers.get("Authorization")
                status, answer = registry.answer(urlsplit(self.path).path, body, login)
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def refuse(self, subject: str, *reasons: str) -> None:
        self.refused[subject] = list(reasons)

    def answer(self, path: str, body: dict[str, str] | None, login: str | None):
        self.requests.append(path)
        if self.login is not None and login != self.login:
            return 401, {"error_code": 401, "message": "Unauthorized"}
        parts = [unquote(part) for part in path.strip("/").split("/")]
        match parts:
            case ["subjects", subject] if body:
                return self._lookup(subject, body)
            case ["subjects", subject, "versions"] if body:
                return self._register(subject, body)
            case ["subjects", subject, "versions", number] if body is None:
                return self._version(subject, int(number))
            case ["compatibility", "subjects", subject, "versions", "latest"] if body:
                if subject not in self.subjects:
                    return 404, {"error_code": 40401, "message": "Subject not found."}
                reasons = self.refused.get(subject, [])
                return 200, {"is_compatible": not reasons, "messages": reasons}
            case ["schemas", "ids", number]:
                return 200, self.schemas[int(number) - 1]
            case _:
                return 404, {"error_code": 404, "message": f"HTTP 404 {path}"}

    def _lookup(self, subject: str, body: dict[str, str]):
        known = self.subjects.get(subject)
        if known is None:
            return 404, {"error_code": 40401, "message": "Subject not found."}
        for version, number in enumerate(known, 1):
            if self.schemas[number - 1] == _stored(body):
                return 200, {"subject": subject, "id": number, "version": version, **_stored(body)}
        return 404, {"error_code": 40403, "message": "Schema not found"}

    def _version(self, subject: str, version: int):
        known = self.subjects.get(subject, [])
        if not 1 <= version <= len(known):
            return 404, {"error_code": 40402, "message": "Version not found."}
        number = known[version - 1]
        answer = {"subject": subject, "id": number, "version": version}
        return 200, answer | self.schemas[number - 1]

    def _register(self, subject: str, body: dict[str, str]):
        if self.refused.get(subject):
            message = "Schema being registered is incompatible with an earlier schema"
            return 409, {"error_code": 409, "message": message}
        schema = _stored(body)
        if schema not in self.schemas:
            self.schemas.append(schema)
        number = self.schemas.index(schema) + 1
        numbers = self.subjects.setdefault(subject, [])
        if number not in numbers:
            numbers.append(number)
        return 200, {"id": number}


def _stored(body: dict[str, str]) -> dict[str, str]:
    kind = body.get("schemaType", "AVRO")
    others = {"schemaType": kind, "references": body.get("references", [])}
    others = {name: value for name, value in others.items() if value not in ("AVRO", [])}
    return {"schema": body["schema"]} | others


@contextmanager
def running_registry(login: str | None = None) -> Iterator[TestRegistry]:
    """A registry that is stopped at the end."""
    registry = TestRegistry(login)
    try:
        yield registry
    finally:
        registry.stop()


@pytest.fixture
def schema_registry() -> Iterator[TestRegistry]:
    """A registry for one test."""
    with running_registry() as registry:
        yield registry
