"""Equivalent requests give the same generator; different requests give different ones."""

import pytest

from tests.acceptance.request_bodies import EVENT, request, table, topic
from tests.acceptance.service_process import topic_events
from tests.waiting import wait_until

TEMPLATES = [
    """
local get_integer = std.native('get_integer');
local get_one_of = std.native('get_one_of');
local name_of(n) = 'k' + n;
{ id: get_integer(1, 1000), kind: get_one_of('a, b'), [name_of(1)]: 1, ['k2']: self.id }
""",
    """
// Keys (computed ones too) and locals in another order, other white space and quotes.
local name_of(n) = "k" + n;
local get_one_of = std.native("get_one_of"), get_integer = std.native("get_integer");
{ ["k2"]: self["id"], [name_of(1)]: 1, kind: get_one_of("a, b"), id: get_integer(1, 1e3) }
""",
    """
local number = std["native"]('get_integer');
local pick = (std.native('get_one_of'));
local unused = 1, also_unused(x) = number(x, unused);
local label(text) = 'k' + text;
{ kind: pick('a, b'), [label((1))]: 1, 'k2': self['id'], 'id': number(1, 1000), }
""",
    """
local number = std.native('get_integer');
local one = std.native('get_one_of');
local name_of = function(n) 'k' + n;
{ ["id"]: number(1, 1000), kind: one('a, b'),
  [name_of(1)]:
    1.0, k2: self["id"] }
""",
    """
local z = (local unused = 2; std.native('get_integer')), y = std.native(@'get_one_of');
local x(w) = '\\u006b' + w;
{ k2: self.id, id: z(1, 1_000), ["kind"]: y('a, b'), [x(1)]: 1 } # the same
""",
]


pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


def add(service, *arguments, **options):
    code, body = service.post("/generator/add", request(*arguments, **options))
    assert code == 200, body
    return body["generators"]


def test_equivalent_templates_are_one_generator(service):
    added = [add(service, topic("identity"), template=text)[0] for text in TEMPLATES]
    assert len({g["id"] for g in added}) == 1
    assert [g["created"] for g in added] == [True, False, False, False, False]
    assert len({g["seed"] for g in added}) == 1
    assert len(service.get("/generator/status")[1]["generators"]) == 1


def test_equivalent_templates_generate_equal_events(service):
    def events(template):
        code, body = service.post(
            "/generator/preview", {"template": template, "seed": "7", "count": 20}
        )
        assert code == 200, body
        return body["events"]

    first, *others = [events(text) for text in TEMPLATES]
    assert all(other == first for other in others)
    assert len({str(event) for event in first}) > 10


def test_a_new_interval_updates_and_other_changes_create_a_generator(service):
    (first,) = add(service, topic("identity-pace"), interval="1h")
    (faster,) = add(service, topic("identity-pace"), interval="30m", count=5)
    assert (faster["id"], faster["created"], faster["updated"]) == (first["id"], False, True)
    assert (faster["event"]["count"], faster["event"]["interval"]) == (5, "30m")
    others = [
        add(service, topic("identity-pace"), interval="1h", dataset="other"),
        add(service, topic("identity-elsewhere"), interval="1h"),
        add(service, topic("identity-pace", key="id"), interval="1h"),
        add(service, topic("identity-pace"), interval="1h", stream="named"),
        add(service, topic("identity-pace"), interval="1h", seed="42"),
        add(service, topic("identity-pace"), interval="1h", vars={"a": 1}),
    ]
    assert len({first["id"], *(g["id"] for (g,) in others)}) == 7


@pytest.mark.parametrize("seed", [None, "7"])
def test_a_generator_added_again_starts_at_index_0(service, kafka, seed):
    """The topic has the old events, then the events 0, 1, 2 of the new incarnation."""
    name = f"identity-again-{seed}"
    options = {} if seed is None else {"seed": seed}
    (added,) = add(service, topic(name), interval="1h", **options)
    wait_until(
        lambda: service.generator(added["id"])["position"] == 10, "the first tick is missing"
    )
    assert service.post(f"/generator/remove?id={added['id']}")[1]["removed"] == [added["id"]]
    (again,) = add(service, topic(name), interval="1h", count=3, **options)
    assert (again["id"], again["created"]) == (added["id"], True)
    wait_until(
        lambda: service.generator(added["id"])["position"] == 3, "the new first tick is missing"
    )

    stored = topic_events(kafka, name)
    assert stored[:10] == preview(service, added["seed"], 10)
    assert stored[10:] == preview(service, again["seed"], 3) == service.events(again["id"], 0, 3)
    if seed is not None:
        assert stored[10:] == stored[:3]


def preview(service, seed, count):
    """The first events of a seed by `/generator/preview`, which does not use the registry."""
    code, body = service.post(
        "/generator/preview", {"template": EVENT, "seed": seed, "count": count}
    )
    assert code == 200, body
    return body["events"]


def test_adding_keeps_the_pause_and_two_intervals_for_one_identity_are_rejected(service):
    (added,) = add(service, topic("identity-paused"), interval="1h")
    assert service.post(f"/generator/pause?id={added['id']}")[1]["state"] == "paused"
    (again,) = add(service, topic("identity-paused"), interval="2h")
    assert (again["id"], again["state"]) == (added["id"], "paused")
    body = request(topic("identity-two"), interval="1h")
    body["events"].append({**body["events"][0], "id": "f", "interval": "2h"})
    body["schedules"].append({"destination_id": "d0", "event_id": "f"})
    code, problem = service.post("/generator/add", body)
    assert code == 422, problem
    assert len(service.get("/generator/status")[1]["generators"]) == 1


def test_one_event_in_two_destinations_gives_two_generators_with_equal_events(service):
    in_topic, in_table = add(service, topic("both"), table("both"), interval="1h")
    assert in_topic["id"] != in_table["id"]
    assert in_topic["seed"] == in_table["seed"]
    assert service.events(in_topic["id"], 0, 50) == service.events(in_table["id"], 0, 50)
