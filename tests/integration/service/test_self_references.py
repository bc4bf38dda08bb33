"""Generators whose events refer to earlier events of their own stream."""

import json
from dataclasses import replace

import pytest

from eventer.core.errors import RequestError
from eventer.core.fault_rules import FaultKind, FaultRule
from eventer.core.pace import ticks
from tests.integration.service.conftest import EVENT, MS, one, until_position
from tests.integration.service.test_running_references import delivered, request
from tests.integration.service.test_verifier import verify

pytestmark = pytest.mark.asyncio(loop_scope="package")

COMMENTS = replace(
    EVENT,
    id="comments",
    template="local p = std.native('get_event_of')('comments', 'recent');"
    "{ id: std.native('get_index')(), at: std.native('get_now')(),"
    "  parent: if p == null then null else { id: p.id, at: p.at } }",
)
LIKES = replace(
    EVENT,
    id="likes",
    template="local c = std.native('get_event_of')('comments', 'recent');"
    "{ comment: c.id, at: c.at, parent: c.parent }",
)


def check_comments(environment):
    """Each comment has a parent that was delivered before, if any, and likes agree with both."""
    comments = {}
    for topic, event in delivered(environment):
        if topic == "comments":
            comments[event["id"]] = event
            parent = event["parent"]
            assert (parent is None) == (event["id"] == 0)
            if parent is not None:
                assert (parent["id"] < event["id"], parent["at"]) == (
                    True,
                    comments[parent["id"]]["at"],
                )
        else:
            comment = comments[event["comment"]]
            assert (event["at"], event["parent"]) == (comment["at"], comment["parent"])


async def test_comments_refer_to_earlier_ones_through_pauses_and_other_paces(shared_environment):
    async with shared_environment.service() as eventer:
        likes, comments = await eventer.add(request(LIKES, COMMENTS))
        assert comments.record.spec.engine == likes.record.spec.engine == "plan"
        await until_position(eventer, likes.id, 100)
        await eventer.pause(comments.id)
        position = (await one(eventer, comments.id)).position
        await eventer.resume(comments.id)
        await until_position(eventer, comments.id, position + 100)
        await eventer.add(request(replace(COMMENTS, pace=ticks(30, 70 * MS))))
        position = (await one(eventer, comments.id)).position
        await until_position(eventer, comments.id, position + 300)
        await until_position(eventer, likes.id, position)
        for each in (comments, likes):
            await eventer.pause(each.id)
            assert (await verify(eventer, each.id)).clean
        check_comments(shared_environment)
        texts = [json.loads(text) for text in shared_environment.texts("comments")]
        found = await eventer.events(comments.id, 40, 200)
        assert [json.loads(each) for each in found.events] == texts[40:240]
        assert found.provisional_from is None


async def test_late_events_cannot_refer_to_earlier_ones(shared_environment):
    late = FaultRule(FaultKind.LATE, 0.5, by=(MS, 9 * MS))
    async with shared_environment.service() as eventer:
        with pytest.raises(RequestError) as raised:
            await eventer.add(request(replace(COMMENTS, faults=(late,))))
        (fault,) = raised.value.faults
        assert fault.pointer == "/events/0/faults"
        assert "earlier events of their own stream" in fault.message
