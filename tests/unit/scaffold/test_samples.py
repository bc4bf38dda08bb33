"""Templates from samples: types, ranges and frequencies, but no values."""

import json
import random

import pytest

import eventer
from eventer.core.errors import RequestError
from eventer.scaffold.record import Choice, FieldType, NumberRange, TextPattern
from eventer.scaffold.sample_values import sample_values
from eventer.scaffold.sampled_domains import sampled_domain
from eventer.scaffold.sampled_record import sampled_record
from eventer.scaffold.template_writer import template_text
from eventer.scaffold.text_patterns import common_pattern
from eventer.service.format_template import format_template
from tests.unit.doc_pages import ROOT, Page


def _orders(count=300):
    draw = random.Random(7)
    for n in range(count):
        order = {
            "id": n + 41,
            "orderNo": f"ORD-{draw.randrange(10_000, 99_999)}",
            "status": draw.choices(["paid", "opened", "refunded"], [8, 1, 1])[0],
            "customerEmail": f"private{n}@secret.test",
            "billing_city": draw.choice(["Smalltown", "Lonelyville"]),
            "total": round(draw.lognormvariate(3, 1), 2),
            "created_at": f"2024-01-{1 + n % 28:02}T10:00:00Z",
            "paid": draw.random() < 0.9,
            "note": None if n % 2 else "to be delivered by hand",
            "lines": [{"sku": "X-1", "qty": draw.randint(2, 5)} for _ in range(draw.randint(1, 3))],
            "geo": {"lat": draw.uniform(40, 50), "limit": 700_001},
        }
        yield order | ({"coupon": "SPRING"} if n % 5 == 0 else {})


def test_the_events_of_a_sample_are_like_it_and_have_none_of_its_values():
    text = template_text(sampled_record("orders", list(_orders()), "orders.ndjson"))
    assert format_template(text) == text
    for value in ("secret", "Smalltown", "refunded", "SPRING", "by hand", "700001", "X-1"):
        assert value not in text
    events = eventer.Template(text, seed=7).events(200)
    assert [event["id"] for event in events] == list(range(1, 201))
    for event in events:
        assert event["orderNo"].startswith("ORD-")
        assert event["status"] in {"status_1", "status_2", "status_3"}
        assert "@example." in event["customerEmail"]
        assert 1 <= len(event["lines"]) <= 3
        assert {2, 3, 4, 5} >= {line["qty"] for line in event["lines"]}
        assert {"billing_city", "total", "created_at", "paid", "note", "geo"} < event.keys()
    assert 20 < sum("coupon" in event for event in events) < 60
    assert 60 < sum(event["note"] is None for event in events) < 140
    assert 100 < sum(event["status"] == "status_1" for event in events) < 190
    assert sum(event["paid"] for event in events) > 150
    assert "guess: from the name" in text


def test_frequent_values_are_kept_if_that_is_asked():
    record = sampled_record("orders", list(_orders()), "orders.ndjson", keep_values=True)
    text = template_text(record)
    assert "e.one_of(['paid', 'refunded', 'opened']" in text or "'paid', 'opened'" in text
    assert "'SPRING'" in text
    assert "secret" not in text


def test_cells_of_csv_have_types():
    text = "id,price,paid,zip,at\n1,2.5,true,01234,2024-01-31\n2,,false,99999,2024-02-01\n"
    assert sample_values(text, "orders.csv") == [
        {"id": 1, "price": 2.5, "paid": True, "zip": "01234", "at": "2024-01-31"},
        {"id": 2, "price": None, "paid": False, "zip": "99999", "at": "2024-02-01"},
    ]


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ("", "a.csv", "no records"),
        ("\n", "a.ndjson", "no records"),
        ('{"a": 1}\n{"a"\n', "a.ndjson", "a.ndjson, line 2 is not valid JSON"),
        ("a,a\n1,2\n", "a.csv", "'a' is defined twice"),
    ],
)
def test_a_wrong_sample_is_an_error_with_its_place(text, name, said):
    with pytest.raises(RequestError, match=said):
        sample_values(text, name)


def test_samples_that_are_not_objects_give_such_events():
    text = template_text(sampled_record("n", [1, 5, 3, 9, 7, 2], "n.ndjson"))
    assert all(1 <= event <= 9 for event in eventer.Template(text, seed=1).events(50))


def test_patterns_of_codes():
    many = [f"AB-{n:03}" for n in range(30)]
    for values, pattern in (
        (many, r"AB-\d{3}"),
        (["A-1", "B-22", "C-3"], r"[A-Z]-\d{1,2}"),
        (["0a1b", "ffe0", "12cd"], "[0-9a-f]{4}"),
        (["two words", "more words"], None),
        (["Berlin", "Paris"], None),
        (["a1", "1a2", "x"], None),
        (["ä1", "ä2"], None),
    ):
        assert common_pattern(values) == pattern, values


def test_ranges_are_within_those_of_the_values():
    draw = random.Random(3)
    for _ in range(300):
        low = draw.uniform(-1e6, 1e6)
        values = [round(low + draw.uniform(0, 10 ** draw.randint(0, 6)), 2) for _ in range(20)]
        for type_, given in (
            (FieldType.NUMBER, values),
            (FieldType.INTEGER, [round(value) for value in values]),
        ):
            found = sampled_domain(type_, given, "n", keep_values=False)
            assert isinstance(found, NumberRange)
            if min(given) < max(given):
                assert min(given) <= found.least <= found.most <= max(given)


def test_choices_need_repetitions():
    unlike = [f"value {n} of many" for n in range(30)]
    assert not isinstance(sampled_domain(FieldType.TEXT, unlike, "t", keep_values=True), Choice)
    codes = sampled_domain(FieldType.TEXT, [f"{n:05}" for n in range(30)], "t", keep_values=True)
    assert codes == TextPattern(r"\d{5}", inferred=True)
    repeated = ["a", "b"] * 10
    found = sampled_domain(FieldType.TEXT, repeated, "kind", keep_values=False)
    assert found == Choice(("kind_1", "kind_2"), None, placeholders=True)


def test_names_of_fields_are_written_as_jsonnet():
    values = [{"a b": n, "it's": 1, "local": True, "ä": "x\n", "e": 2.5} for n in range(9)]
    text = template_text(sampled_record("odd", json.loads(json.dumps(values)), "odd.ndjson"))
    assert format_template(text) == text
    assert eventer.Template(text, seed=1).events(1)[0].keys() == values[0].keys()


def test_the_guide_shows_what_its_sample_gives():
    page = Page(ROOT / "docs/how-to/start-from-your-data.md")
    values = sample_values(page.files()["orders.ndjson"], "orders.ndjson")
    text = template_text(sampled_record("orders", values, "orders.ndjson"))
    assert page.blocks("jsonnet") == [text]
