"""Templates and imports that mean harm: refused soon, at their place, and nothing else waits."""

import os
import time
from dataclasses import dataclass

import pytest

from tests.acceptance.punctuality import Punctuality
from tests.acceptance.request_bodies import request, topic
from tests.acceptance.service_process import Service, wait_until
from tests.acceptance.test_bad_input import HOSTILE as RUNAWAY

pytestmark = [pytest.mark.kafka, pytest.mark.alone, pytest.mark.timeout(300)]
SECONDS = 3
"""Of processor time, whatever else the machine does meanwhile."""
SETTLED_S = 0.3
"""After which ticks that another test held up are delivered."""

SECRET = "a secret outside of the library"
TEMPLATES = [*RUNAWAY, "{ a: import 'itself.libsonnet' }", "(import 'laughs.libsonnet')(9)"]
IMPORTS = [
    "import '/etc/passwd'",
    "importstr '../secret.txt'",
    "importbin 'folder/../../secret.txt'",
    "importstr 'link.txt'",
    "importstr 'linked/secret.txt'",
    "import 'http://127.0.0.1:1/x.libsonnet'",
    "importbin 'file:///etc/passwd'",
    "importbin 'pipe'",
    "importbin 'endless'",
]


@pytest.fixture(scope="module")
def service(kafka, tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    library = folder / "library"
    (library / "folder").mkdir(parents=True)
    (folder / "secret.txt").write_text(SECRET)
    (library / "link.txt").symlink_to(folder / "secret.txt")
    (library / "linked").symlink_to(folder)
    (library / "endless").symlink_to("/dev/zero")
    os.mkfifo(library / "pipe")
    (library / "itself.libsonnet").write_text("{ a: (import 'itself.libsonnet').a }")
    (library / "laughs.libsonnet").write_text(
        "local f(n) = if n == 0 then ['x'] else local a = f(n - 1); [a for i in std.range(1, 10)];"
        " f"
    )
    running = Service(folder, kafka=kafka)
    running.env["EVENTER_LIBRARY"] = str(library)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def others(service):
    """A generator at work meanwhile; at the end it was on time all along."""
    body = request(topic("undisturbed"), count=1, interval="50ms")
    code, answer = service.post("/generator/add", body)
    assert code == 200, answer
    (generator,) = answer["generators"]
    wait_until(lambda: service.generator(generator["id"])["position"] > 3, 30, "it does not run")
    delivery = _deliverers(service)
    undisturbed = Undisturbed(generator)
    yield undisturbed
    assert undisturbed.ticks > 0
    assert undisturbed.late <= undisturbed.ticks / 100
    assert _deliverers(service) == delivery
    assert service.generator(generator["id"])["last_error"] is None


@dataclass
class Undisturbed:
    """A generator at work, and how many of its ticks were late while templates were refused."""

    generator: dict
    late: int = 0
    ticks: int = 0


@pytest.fixture
def watched(others, service, tmp_path):
    """Counts late ticks within one test; between two of them other tests may be at work."""
    time.sleep(SETTLED_S)
    with Punctuality(service, tmp_path) as punctuality:
        yield others.generator
    ticks = punctuality.so_far()
    others.late += ticks.late
    others.ticks += ticks.count


def _deliverers(service):
    text = service.get("/metrics")[1]
    return [line for line in text.splitlines() if 'restarts_total{worker="delivery' in line]


@pytest.mark.parametrize("path", ["/generator/add", "/generator/validate"])
@pytest.mark.parametrize("template", [*TEMPLATES, *IMPORTS])
def test_it_is_refused_soon_and_at_its_place(path, template, service, watched):
    adding = path.endswith("add")
    body = request(topic("refused"), template=template) if adding else {"template": template}
    used, began = service.processor_seconds(), time.monotonic()
    code, problem = service.post(path, body)
    spent, took = service.processor_seconds() - used, time.monotonic() - began
    print(f"{spent:.2f} s of processor time, {took:.2f} s")
    assert code == 422, problem
    (fault,) = problem["errors"]
    assert fault["pointer"] == ("/events/0/template" if adding else "/template")
    assert fault["line"] >= 1
    assert fault["column"] >= 1
    assert SECRET not in str(problem)
    assert "root:" not in str(problem)
    assert "Traceback" not in str(problem)
    assert spent <= SECONDS
    assert [g["id"] for g in service.get("/generator/status")[1]["generators"]] == [watched["id"]]
