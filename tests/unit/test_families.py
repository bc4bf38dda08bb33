"""One test of many cases runs them all and names those that fail."""

import pytest

from tests.families import family

seen = []


@pytest.fixture(scope="module")
def limit() -> int:
    return 3


@family(("number", "text"), [(1, "a"), (2, "b")])
def test_all_cases_run_with_the_fixtures_of_the_test(number: int, text: str, limit: int) -> None:
    seen.append((number, text))
    assert number < limit


class TestClass:
    @family("letter", "xy")
    @family("number", [1, 2])
    def test_of_a_class_with_two_tables(self, number: int, letter: str) -> None:
        seen.append((number, letter))


def test_every_failing_case_is_named() -> None:
    @family("number, text", [(1, "a"), (2, "b"), (3, "c")])
    def check(number: int, text: str) -> None:
        if number == 3:
            pytest.fail("three")
        assert number == 2

    with pytest.raises(BaseExceptionGroup, match="2 of 3 cases fail") as failed:
        check()
    notes = [error.__notes__ for error in failed.value.exceptions]
    assert notes == [["case: number=1, text='a'"], ["case: number=3, text='c'"]]
    test_all_cases_run_with_the_fixtures_of_the_test(limit=3)
    TestClass().test_of_a_class_with_two_tables()
    assert {*seen} == {(1, "a"), (2, "b"), *((number, each) for number in (1, 2) for each in "xy")}
