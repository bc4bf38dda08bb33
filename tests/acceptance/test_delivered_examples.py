"""The examples of timelines, delivered to two topics and a table through ends of the service."""

import pytest

from tests.acceptance.cases import run_cases
from tests.acceptance.service_process import Service
from tests.acceptance.stories import DEVICE, PAYMENT, ROW, VISIT, story_case

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow]


@pytest.mark.timeout(0)  # every wait has a deadline
def test_examples_are_delivered_completely_and_in_order(kafka, service):
    """`timelines_case` and `two_destinations_case` of `test_survival.py` are the short forms."""
    cases = [story_case(story) for story in (VISIT, PAYMENT, DEVICE, ROW)]
    run_cases(cases, kafka, service, (Service.stop, Service.kill, Service.kill))
