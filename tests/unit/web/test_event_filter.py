"""The filter of a tail: text, or a JSON pointer with a condition."""

from eventer.web.event_filter import event_filter
from tests.families import family

EVENT = '{"id":7,"who":{"name":"Änne","ok":true},"tags":["a","b"],"gone":null,"a/b":1}'.encode()


@family(
    ("text", "matches"),
    [
        ("", True),
        ("Änne", True),
        ('"id":7', True),
        ("nobody", False),
        ("/", False),
        ("/who/name", True),
        ("/who/other", False),
        ("/gone", False),
        ("/gone=null", True),
        ("/id=7.0", True),
        ("/id=8", False),
        ("/id!=8", True),
        ("/nothing!=8", False),
        ("/id > 6.5", True),
        ("/id<7", False),
        ("/who/name=Änne", True),
        ("/who/name>B", True),
        ("/who/ok=true", True),
        ("/who/ok>0", False),
        ("/tags/1=b", True),
        ('/tags=["a","b"]', True),
        ("/a~1b=1", True),
        ("/id=x", False),
        ("/id>x", False),
    ],
)
def test_an_event_matches(text, matches):
    assert event_filter(text)(EVENT) is matches


def test_a_large_event_is_found_by_its_text_only():
    large = b'{"id":7,"text":"%b"}' % (b"x" * 70_000)
    assert event_filter('"id":7')(large)
    assert not event_filter("/id=7")(large)


def test_an_event_that_is_nested_too_deeply_matches_no_condition():
    assert not event_filter("/id=7")(b"[" * 30_000 + b"]" * 30_000)


def test_the_time_of_a_filter_is_linear_in_its_length():
    assert event_filter("/id" + " " * 60_000 + "!x")(EVENT) is False
