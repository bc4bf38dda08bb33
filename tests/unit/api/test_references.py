"""Events that templates may refer to, in requests."""

import pytest
from pydantic import ValidationError

from eventer.api.wire.generator_requests import AddBody
from eventer.api.wire.template_requests import PreviewBody, ProfileBody, ValidateBody
from eventer.core.model import EventContext, FixedPopulation, Stream

WITH = {
    "customers": {"template": "{ a: 1 }", "count": 9, "dataset": "d", "vars": {"x": 1}},
    "countries": {"schema": "e30=", "seed": "5", "stream": "s"},
}


@pytest.mark.parametrize("body", [PreviewBody, ValidateBody, ProfileBody])
def test_a_template_comes_with_the_events_that_it_may_refer_to(body):
    request = body.model_validate({"template": "{}", "with": WITH}).request()
    source = request.event_source(7, "i")
    customers, countries = source.template.references
    assert (customers.name, customers.population) == ("customers", FixedPopulation(9))
    assert (customers.template.text, customers.template.vars) == ("{ a: 1 }", '{"x":1}')
    assert (customers.stream, customers.explicit_seed) == (Stream(7), False)
    assert (customers.context, customers.template.name) == (EventContext("d", "i"), "customers")
    assert (countries.stream, countries.explicit_seed) == (Stream(5, "s"), True)
    assert (countries.template.text, countries.population) == ("{}", FixedPopulation())
    assert not body.model_validate({"template": "{}"}).request().references


def test_an_event_without_a_schedule_needs_no_pace():
    body = {
        "destinations": [{"id": "d", "type": "kafka", "kafka": {"topic": "t"}}],
        "events": [
            {"id": "customers", "template": "1", "count": 50},
            {"id": "paced", "template": "1", "count": 50, "interval": "1s"},
            {"id": "orders", "template": "1", "interval": "1s"},
        ],
        "schedules": [{"destination_id": "d", "event_id": "orders"}],
    }
    customers, paced, orders = AddBody.model_validate(body).request().events
    assert (customers.pace, customers.count) == (None, 50)
    assert (paced.pace is None, paced.count) == (False, None)
    assert (orders.pace is None, orders.count) == (False, None)
    body["schedules"].append({"destination_id": "d", "event_id": "customers"})
    with pytest.raises(ValidationError, match="is missing"):
        AddBody.model_validate(body)
