"""People per second beside Faker and Mimesis: `python -m benchmarks.people` (extra `data`).

One person has eight values: gender, names, user name, e-mail address, phone and birth date. Those
of Eventer agree, and it also writes their JSON text; the others return Python values, each of its
own function, which do not agree. One thread, in turns, and the times are CPU times.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np

from eventer.core.model import Stream, Template
from eventer.plan.engine import EventContext
from eventer.plan.prepare import prepare

TEMPLATE = "std.native('get_person')('en')"
PLAIN_TEMPLATE = "{ name: std.native('get_person')('en').name }"
AT = 1_767_225_600_000_000_000


def eventer_people(template: str, count: int) -> Callable[[], float]:
    """A turn of Eventer: seconds for one event."""
    engine = prepare(Template(template)).engine(Stream(7, "people"), EventContext())
    assert engine.name == "plan"

    scheduled = np.full(count, AT, dtype=np.int64)

    def turn(first: int = 0) -> float:
        began = time.process_time()
        while first < count:
            first = engine.generate(first, scheduled[first:]).next
        return (time.process_time() - began) / count

    turn()
    return turn


def faker_people(count: int) -> Callable[[], float]:
    """A turn of Faker."""
    from faker import Faker

    fake = Faker("en_US")
    fake.seed_instance(7)

    def person() -> tuple[object, ...]:
        return (
            fake.random_element(("female", "male")),
            fake.first_name(),
            fake.last_name(),
            fake.name(),
            fake.user_name(),
            fake.safe_email(),
            fake.msisdn(),
            fake.date_of_birth(None, 18, 90),
        )

    return timed(person, count)


def mimesis_people(count: int) -> Callable[[], float]:
    """A turn of Mimesis."""
    from mimesis import Person
    from mimesis.locales import Locale

    person = Person(Locale.EN, seed=7)

    def one() -> tuple[object, ...]:
        return (
            person.gender(),
            person.first_name(),
            person.last_name(),
            person.full_name(),
            person.username(),
            person.email(["example.com", "example.net", "example.org"]),
            person.phone_number("+1##########"),
            person.birthdate(1936, 2007),
        )

    return timed(one, count)


def timed(person: Callable[[], object], count: int) -> Callable[[], float]:
    """A turn that makes people one by one."""

    def turn() -> float:
        began = time.process_time()
        for _ in range(count):
            person()
        return (time.process_time() - began) / count

    return turn


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    turns = {
        "eventer get_person(), all": eventer_people(TEMPLATE, 200_000),
        "eventer get_person().name": eventer_people(PLAIN_TEMPLATE, 200_000),
        "faker": faker_people(2_000),
        "mimesis": mimesis_people(5_000),
    }
    results: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(options.rounds):
        for name, turn in turns.items():
            results[name].append(turn())
    for name, seconds in results.items():
        print(f"{name:<28}{statistics.median(seconds) * 1e9:>12,.0f} ns a person")
    whole = results["eventer get_person(), all"]
    for peer in ("faker", "mimesis"):
        ratios = [theirs / ours for theirs, ours in zip(results[peer], whole, strict=True)]
        print(
            f"{peer}: Eventer is {statistics.median(ratios):.0f} times as fast, "
            f"from {min(ratios):.0f} to {max(ratios):.0f}"
        )


if __name__ == "__main__":
    main()
