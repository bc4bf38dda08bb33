"""Hostile templates and imports are rejected with a location; other generators keep running."""

import os
import shutil

import pytest
from confluent_kafka.admin import AdminClient

from tests.acceptance.lateness import assert_on_time
from tests.acceptance.request_bodies import request, topic
from tests.acceptance.service_process import is_healthy, remove_generators
from tests.waiting import DEADLINE_S, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
SECONDS = 3
"""The largest CPU time of one request, in seconds."""

REFUSED = "refused-hostile"
SECRET = "a secret outside of the library"
RUNAWAY = [
    "local f(n) = f(n + 1); f(0)",
    "local f(n) = if n < 0 then 0 else f(n + 1) tailstrict; f(0)",
    "std.makeArray(1e9, function(i) i)",
    "local x = x; { a: x }",
    "{ a: import 'itself.libsonnet' }",
]
"""Templates that need too much depth, steps or memory, or themselves."""

MORE_RUNAWAY = [
    "local s(n) = if n == 0 then 'x' else s(n - 1) + s(n - 1); { a: s(60) }",
    "(import 'laughs.libsonnet')(9)",
    "std.length(std.makeArray(1e9, function(i) [i]))",
    "{ a: std.repeat('x', 1e10) }",
    "{ a: std.foldl(function(t, i) t + i, std.range(1, 1e8), 0) }",
    "std.range(1, 1e12)",
    "local f(n) = if n == 0 then [] else [f(n - 1)]; { a: f(1e5) }",
    (
        "local a = ['x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x'];"
        "local b(x) = [x, x, x, x, x, x, x, x, x, x]; { a: b(b(b(b(b(b(b(b(b(a))))))))) }"
    ),
    "{ a: '%1000000000d' % 1 }",
    "{ a: [i for i in std.range(1, 1e7) for j in std.range(1, 1e7) if false] }",
]
"""By default, tests/unit/jsonnet/evaluate/test_budget.py evaluates such templates."""

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
ADD, VALIDATE = PATHS = ["/generator/add", "/generator/validate"]
CASES = [
    *((ADD, template) for template in [*RUNAWAY, *IMPORTS]),
    *((VALIDATE, template) for template in [RUNAWAY[0], *IMPORTS]),
    *(pytest.param(ADD, template, marks=pytest.mark.slow) for template in MORE_RUNAWAY),
    # Validation inspects templates in the same way as adding.
    *(
        pytest.param(VALIDATE, template, marks=pytest.mark.slow)
        for template in [*RUNAWAY[1:], *MORE_RUNAWAY]
    ),
]


@pytest.fixture(scope="module")
def service(shared_service):
    """The shared service with hostile files in and near its library."""
    library = shared_service.library
    (library / "folder").mkdir()
    (library.parent / "secret.txt").write_text(SECRET)
    (library / "link.txt").symlink_to(library.parent / "secret.txt")
    (library / "linked").symlink_to(library.parent)
    (library / "endless").symlink_to("/dev/zero")
    os.mkfifo(library / "pipe")
    (library / "itself.libsonnet").write_text("{ a: (import 'itself.libsonnet').a }")
    (library / "laughs.libsonnet").write_text(
        "local f(n) = if n == 0 then ['x'] else local a = f(n - 1); [a for i in std.range(1, 10)];"
        " f"
    )
    yield shared_service
    shutil.rmtree(library)
    library.mkdir()


@pytest.fixture(scope="module")
def other_generator(service):
    """Id of a running generator. Afterwards it still delivers, and no worker has restarted."""
    body = request(topic("undisturbed"), count=1, interval="50ms")
    code, answer = service.post("/generator/add", body)
    assert code == 200, answer
    id = answer["generators"][0]["id"]
    wait_until(lambda: service.generator(id)["position"] > 3, "it does not deliver")
    restarts = _worker_restarts(service)
    yield id
    mark = service.generator(id)["position"] + 3
    wait_until(lambda: service.generator(id)["position"] >= mark, "it does not continue")
    assert _worker_restarts(service) == restarts
    wait_until(lambda: is_healthy(service.generator(id)), lambda: str(service.generator(id)))
    remove_generators(service)


def _worker_restarts(service):
    text = service.get("/metrics")[1]
    return [line for line in text.splitlines() if 'restarts_total{worker="delivery' in line]


def check_rejected(service, path, template):
    """Posts a template; the error has a location and no content of this machine's files."""
    adding = path.endswith("add")
    body = request(topic(REFUSED), template=template) if adding else {"template": template}
    code, problem = service.post(path, body)
    assert code == 422, problem
    (error,) = problem["errors"]
    assert error["pointer"] == ("/events/0/template" if adding else "/template")
    assert error["line"] >= 1
    assert error["column"] >= 1
    assert SECRET not in str(problem)
    assert "root:" not in str(problem)
    assert "Traceback" not in str(problem)


@pytest.mark.parametrize(("path", "template"), CASES)
def test_hostile_template_is_rejected_with_a_location(
    path, template, service, other_generator, kafka
):
    check_rejected(service, path, template)
    generators = service.get("/generator/status")[1]["generators"]
    assert [g["id"] for g in generators] == [other_generator]
    admin = AdminClient({"bootstrap.servers": kafka})
    assert REFUSED not in admin.list_topics(timeout=DEADLINE_S).topics


@pytest.mark.timing
def test_rejection_is_cheap_and_delays_no_ticks(service, other_generator):
    costs = {}
    with assert_on_time(service):
        for path in PATHS:
            for template in [*RUNAWAY, *MORE_RUNAWAY, *IMPORTS]:
                before = service.cpu_seconds()
                check_rejected(service, path, template)
                spent = costs[path, template] = service.cpu_seconds() - before
                print(f"{spent:.2f} s of CPU time (bound: {SECONDS} s): {path} {template}")
    assert max(costs.values()) <= SECONDS
