"""`eventer connection test`: the report as text."""

from eventer.cli.connection import report_text


def test_a_report_has_the_server_the_delivery_and_sizes():
    size = {"rows": 1200, "bytes": None, "partitions": 3}
    report = {
        "server": "Kafka, 1 broker",
        "guarantee": "at-least-once",
        "degraded": "no transactions",
        "sizes": {"orders": size},
    }
    lines = report_text("kafka", report).splitlines()
    assert lines[:2] == [
        "kafka works: Kafka, 1 broker",
        "delivery is at-least-once: no transactions",
    ]
    assert lines[-1].split() == ["orders", "1,200", "-", "3"]
    assert len(report_text("kafka", report | {"sizes": {}, "degraded": None}).splitlines()) == 2
