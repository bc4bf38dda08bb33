"""The recent errors of a generator: repeated ones are counted, and the oldest are forgotten."""

from eventer.core.errors import EventerError
from eventer.service.recent_errors import MAX_RECENT_ERRORS, PastError, RecentErrors


def test_an_error_that_repeats_is_counted_and_does_not_push_out_others():
    errors = RecentErrors()
    refused, failed = EventerError("refused"), EventerError("failed")
    errors.add(failed, 1)
    for at in range(2, 2 + 3 * MAX_RECENT_ERRORS):
        errors.add(EventerError("refused"), at)
    newest, oldest = errors.newest_first()
    assert (newest.first_at, newest.at, newest.count) == (2, 61, 60)
    assert newest.error.message == refused.message
    assert oldest == PastError(failed, 1, 1)


def test_the_oldest_errors_are_forgotten():
    errors = RecentErrors()
    for at in range(MAX_RECENT_ERRORS + 5):
        errors.add(EventerError(f"error {at}"), at)
    found = errors.newest_first()
    assert (len(found), found[0].at, found[-1].at) == (MAX_RECENT_ERRORS, 24, 5)
