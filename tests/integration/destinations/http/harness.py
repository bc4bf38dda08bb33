"""The HTTP harness of the conformance tests."""

from collections.abc import Sequence
from pathlib import Path

from eventer.core.model import Guarantee, JsonValue, Target
from eventer.destinations.http.connection import HttpConnection
from eventer.destinations.http.settings import HttpSettings
from eventer.destinations.http.target import BodyFormat, HttpTarget
from eventer.destinations.position_log import PositionLog
from eventer.testing.destination_scenario import event
from tests.http_receiver import ACCEPTED, Answer, HttpReceiver, Received
from tests.ports import free_port
from tests.waiting import DEADLINE_S

REFUSED = "refused"


class HttpHarness:
    guarantee: Guarantee = "at-least-once"
    rolls_back = False

    def __init__(self, receiver: HttpReceiver, folder: Path, body_format: BodyFormat) -> None:
        self.receiver = receiver
        self.folder = folder
        self.format: BodyFormat = body_format
        receiver.answer = refuse_words

    def connection(self, cluster: int, shard: int = 0) -> HttpConnection:
        return self._connection(self.receiver.url, cluster, shard)

    def unreachable(self) -> HttpConnection:
        return self._connection(f"http://127.0.0.1:{free_port()}", 1, 0)

    def target(self, name: str) -> Target:
        return HttpTarget(name, format=self.format)

    def rejecting(self, name: str) -> tuple[Target, JsonValue]:
        return self.target(name), event(0) | {"word": REFUSED}

    def steered(self, name: str) -> Target:
        raise NotImplementedError

    async def latest(self, target: Target) -> Sequence[JsonValue]:
        raise NotImplementedError

    async def drop(self, target: Target) -> None:
        with self.receiver.lock:
            path = f"/{target.location}"
            self.receiver.accepted = [e for e in self.receiver.accepted if e.path != path]

    async def read(self, target: Target) -> Sequence[JsonValue]:
        return self.receiver.events(f"/{target.location}")

    def _connection(self, url: str, cluster: int, shard: int) -> HttpConnection:
        log = PositionLog.of_shard(self.folder, cluster, "http", shard)
        return HttpConnection(HttpSettings(url, timeout=DEADLINE_S), log)


def refuse_words(request: Received) -> Answer:
    """Refuses a request with an event whose `word` is `REFUSED`."""
    bad = any(each.get("word") == REFUSED for each in request.events)
    return Answer(422, "a word is refused") if bad else ACCEPTED
