"""The text of `eventer verify`."""

import httpx
import pytest

from eventer.cli.verify import report_lines
from eventer.client.json_client import ServiceClient
from eventer.client.transport import Address
from eventer.core.errors import NotFoundError, ServiceProblemError, ServiceUnreachableError
from eventer.settings.model import Settings

CLEAN = {
    "id": "7",
    "clean": True,
    "until": 1_250,
    "checked": 1_247,
    "skipped": 3,
    "read": 1_500,
    "others": 253,
    "totals": dict.fromkeys(("missing", "duplicated", "changed", "reordered", "foreign"), 0),
    "findings": [],
    "unchecked": [],
    "notes": [],
}


def finding(kind, index, **place):
    return {"kind": kind, "index": index, "place": place, "detail": None}


def test_a_clean_report():
    assert list(report_lines(CLEAN)) == [
        "1,247 of 1,250 events compared, 3 skipped; 1,500 records read, 253 of other generators",
        "no differences found",
    ]


def test_unchecked_events_are_reported():
    gap = {"first": 0, "end": 10, "reason": "the topic no longer has them"}
    lines = list(report_lines(CLEAN | {"unchecked": [gap], "notes": ["a note"]}))
    assert lines[1:] == [
        "not compared: events 0 to 9: the topic no longer has them",
        "a note",
        "no differences found",
    ]
    nothing = CLEAN | {"clean": False, "checked": 0, "skipped": 0}
    assert list(report_lines(nothing))[-1] == "nothing could be compared"


def test_flaws_are_counted_and_the_first_shown():
    findings = [finding("missing", n, partition=0, offset=n) for n in range(25)]
    totals = CLEAN["totals"] | {"missing": 1_000}
    lines = list(report_lines(CLEAN | {"clean": False, "totals": totals, "findings": findings}))
    assert lines[1] == "1,000 missing"
    table = lines[2].splitlines()
    assert table[1].split() == ["missing", "0", "partition=0", "offset=0", "-"]
    assert len(table) == 21
    assert lines[3].startswith("and 980 more")


def client(handler):
    return ServiceClient(Address(Settings().service_url), httpx.MockTransport(handler))


def test_lines_come_one_by_one_and_a_problem_is_raised():
    lines = '{"made":1,"total":2}\n{"status":409,"detail":"position lost","hint":"choose"}\n'
    asking = client(lambda _: httpx.Response(200, text=lines)).post_lines("/generator/verify")
    assert next(asking) == {"made": 1, "total": 2}
    with pytest.raises(ServiceProblemError, match="position lost") as caught:
        next(asking)
    assert caught.value.hint == "choose"


def test_an_unsuccessful_answer_is_raised():
    missing = client(lambda _: httpx.Response(404, json={"detail": "there is none"}))
    with pytest.raises(NotFoundError, match="there is none"):
        next(missing.post_lines("/generator/verify"))

    def gone(_):
        raise httpx.ConnectError("refused")

    with pytest.raises(ServiceUnreachableError):
        next(client(gone).post_lines("/generator/verify"))
