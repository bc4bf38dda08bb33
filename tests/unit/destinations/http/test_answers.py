"""What answers mean, without a server."""

from datetime import UTC, datetime

from eventer.core.errors import DestinationRejectedError, TargetUnavailableError
from eventer.destinations.http.answers import (
    RejectedRequestError,
    answer_error,
    retry_after_seconds,
)
from tests.families import family

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@family(
    ("status", "kind"),
    [
        *((status, type(None)) for status in (200, 201, 202, 204, 299)),
        *((status, TargetUnavailableError) for status in (408, 425, 429, 500, 502, 503, 599)),
        *((status, RejectedRequestError) for status in (400, 409, 413, 422)),
        *(
            (status, DestinationRejectedError)
            for status in (301, 308, 401, 403, 404, 405, 410, 415)
        ),
    ],
)
def test_the_status_decides(status, kind):
    assert type(answer_error("http://h/p", status, "")) is kind


def test_the_text_of_an_answer_is_part_of_the_message():
    error = answer_error("http://h/p", 400, " no\n  such field " + "x" * 999)
    assert error.message.startswith("http://h/p answers with status 400: no such field xxx")
    assert len(error.message) < 300


@family(
    ("value", "seconds"),
    [
        (None, 0),
        ("0", 0),
        (" 12 ", 12),
        ("9" * 400, 3_600),
        ("-1", 0),
        ("soon", 0),
        ("Fri, 02 Jan 2026 03:04:35 GMT", 30),
        ("Fri, 02 Jan 2026 03:04:35 -0000", 30),
        ("Fri, 02 Jan 2026 03:04:00 GMT", 0),
        ("Sat, 03 Jan 2026 03:04:00 GMT", 3_600),
        ("Sat, 03 Jan 99999999999999 03:04:00 GMT", 0),
        ("Sat, 03 Jan 2026 03:04:00 +99999999999999", 0),
    ],
)
def test_the_time_to_wait_is_read(value, seconds):
    assert retry_after_seconds(value, NOW) == seconds
