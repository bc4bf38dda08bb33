"""An HTTP server that stores the events that are posted to it, in a thread."""

import gzip
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """A request: its path, its events, and its headers by their names in lower case."""

    path: str
    events: list[Any]
    headers: dict[str, str]

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]


@dataclass(frozen=True)
class Answer:
    status: int
    text: str = ""
    headers: dict[str, str] = field(default_factory=dict)


ACCEPTED = Answer(204)


class HttpReceiver:
    """The accepted requests, in order. `answer` decides on each; it is called one at a time."""

    def __init__(self) -> None:
        self.accepted: list[Received] = []
        self.refused: list[tuple[Received, int]] = []
        self.answer: Callable[[Received], Answer] = lambda request: ACCEPTED
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def events(self, path: str) -> list[Any]:
        """The accepted events of a path, in the order of their arrival."""
        with self.lock:
            found = [each.events for each in self.accepted if each.path == path]
        return [event for events in found for event in events]

    def receive(self, request: Received) -> Answer:
        with self.lock:
            answer = self.answer(request)
            if answer.status < 300:
                self.accepted.append(request)
            else:
                self.refused.append((request, answer.status))
        return answer

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                answer = receiver.receive(Received(self.path, _events(body, headers), headers))
                text = answer.text.encode()
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.status != 204:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *arguments: object) -> None:
                """Prints nothing."""

        return Handler


def _events(body: bytes, headers: dict[str, str]) -> list[Any]:
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    if headers["content-type"] == "application/json":
        return list(json.loads(body))
    assert body.endswith(b"\n")
    return [json.loads(line) for line in body[:-1].split(b"\n")]


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    receiver = HttpReceiver()
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
