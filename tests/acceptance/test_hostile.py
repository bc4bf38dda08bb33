"""Templates and imports that mean harm: refused soon, at their place, and nothing else waits."""

import os
import time

import pytest

from tests.acceptance.requests import request, topic
from tests.acceptance.service import Service, wait_until
from tests.acceptance.test_bad_input import HOSTILE as RUNAWAY
from tests.acceptance.test_lateness import lateness

pytestmark = [pytest.mark.kafka, pytest.mark.alone, pytest.mark.timeout(300)]
SECONDS = 3
"""Of processor time, whatever else the machine does meanwhile."""
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
    body = request(topic("undisturbed"), count=1, interval="200ms")
    code, answer = service.post("/generator/add", body)
    assert code == 200, answer
    (generator,) = answer["generators"]
    wait_until(lambda: service.generator(generator["id"])["position"] > 3, 30, "it does not run")
    before, delivery = lateness(service), _deliverers(service)
    yield generator
    during = {edge: count - before[edge] for edge, count in lateness(service).items()}
    ticks = during[float("inf")]
    print(f"{ticks} ticks, {during[0.25] / ticks:.2%} within 250 ms")
    assert during[0.25] / ticks >= 0.99, during
    assert _deliverers(service) == delivery
    assert service.generator(generator["id"])["last_error"] is None


def _deliverers(service):
    text = service.get("/metrics")[1]
    return [line for line in text.splitlines() if 'restarts_total{worker="delivery' in line]


@pytest.mark.parametrize("path", ["/generator/add", "/generator/validate"])
@pytest.mark.parametrize("template", [*TEMPLATES, *IMPORTS])
def test_it_is_refused_soon_and_at_its_place(path, template, service, others):
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
    assert [g["id"] for g in service.get("/generator/status")[1]["generators"]] == [others["id"]]
