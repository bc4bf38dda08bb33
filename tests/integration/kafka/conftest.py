"""Limits that the product has no settings for, widened for busy machines."""

import pytest

from eventer.destinations.kafka import plan_sender, producer_startup, topic_admin


@pytest.fixture
def patience(monkeypatch):
    """Longer limits, so that a correct owner does not fail on a slow machine."""
    monkeypatch.setattr(producer_startup, "_PROBE_SECONDS", producer_startup._PROBE_SECONDS * 20)
    monkeypatch.setattr(plan_sender, "_MAX_STALLS", plan_sender._MAX_STALLS * 20)
    monkeypatch.setattr(topic_admin, "_LEADER_WAIT_SECONDS", topic_admin._LEADER_WAIT_SECONDS * 20)
    monkeypatch.setattr(topic_admin, "_LEADER_POLLS", topic_admin._LEADER_POLLS * 20)
