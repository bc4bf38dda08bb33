"""The streams that random templates refer to: fixed ones, and one with a random template."""

from eventer.core.bindings import Binding
from eventer.core.model import (
    EventContext,
    FixedPopulation,
    GrowingPopulation,
    ReferencedStream,
    Segment,
    Stream,
    Template,
)
from eventer.core.pace import EventRate, PaceSpec, Steady, ticks
from eventer.runs.populations import bound_populations
from tests.property.comparisons import VARIABLES
from tests.property.generated_events import START

NATIVES = (
    "get_integer", "get_index", "get_person", "get_boolean", "get_one_of", "get_words",
    "get_dataset", "get_event_of", "get_now", "get_epoch",
)  # fmt: skip
HEAD = "".join(f"local {name} = std.native('{name}');\n" for name in NATIVES)
THINGS = (
    HEAD
    + """
local who = get_person(), library = import 'eventer.libsonnet';
{
  n: get_index(),
  s: who.first_name,
  b: get_boolean(),
  list: [get_integer(1, 9) * i for i in std.range(1, get_integer(0, 3))],
  sub: {
    n: get_integer(1, 100), name: who.last_name, set: get_dataset('none'),
    parent: get_event_of('parents', 'zipf', 8).m, label: '%s-%d' % [self.name, self.n],
  },
  [if get_integer(1, 4) == 1 then 'opt']: get_words(1, 2),
  bad: if self.n % 7 == 3 then error 'bad' else 'ok',
  kind: get_one_of([{ a: 1 }, { b: 'x', c: null }]),
  hidden:: 4,
  items: [{ id: library.integer(1, 5), all: [$.n, i] } for i in std.range(1, 2)],
  local earlier = get_event_of('things', 'recent'),
  before: if earlier == null then -1 else earlier.n + earlier.sub.n,
  assert get_integer(1, 50) > 1 : 'kept',
}
"""
)
GROWN = (
    HEAD
    + """
{
  n: get_integer(1, 9), s: get_words(1, 2), now: get_now('us'),
  sub: { epoch: get_epoch('s'), parent: get_event_of('parents', count=9).m, n: get_index() },
  [if get_integer(1, 4) == 1 then 'opt']: get_now(),
  local ancestor = get_event_of('ancestors', 'recent'),
  up: { n: ancestor.n, at: ancestor.at, first: get_event_of('ancestors', index=0).n },
}
"""
)
ANCESTORS = HEAD + "{ n: get_index() + get_integer(0, 1) / 2, at: get_now('us') }"
PARENTS = HEAD + "{ m: if get_integer(1, 20) == 1 then error 'parent' else get_integer(5, 25) }"


_SECOND = 1_000_000_000
_SEGMENTS = (
    Segment(START - 9 * _SECOND, 0, PaceSpec(Steady(EventRate(7, _SECOND)))),
    Segment(START + _SECOND // 2, 90, ticks(1, 8_000_000)),
)
_ANCESTORS = (_SEGMENTS[0], Segment(START + _SECOND // 2, 67, ticks(1, 8_000_000)))
POPULATIONS = bound_populations(
    [
        Binding("grown", 0, 1, 1, _SEGMENTS[:1], 60),
        Binding("grown", 130, 1, 1, _SEGMENTS),
        Binding("grown", 9_000, 1, 1, _SEGMENTS, 1_000),
        Binding("itself", 0, 3, 1, _SEGMENTS),
        Binding("ancestors", 0, 2, 1, _SEGMENTS[:1], via=("grown",)),
        Binding("ancestors", 40, 2, 1, _ANCESTORS, 70, via=("grown",)),
    ]
)
"""Of `grown`, whose population grows, and of what it refers to; and of the template itself."""


def references(other):
    """The streams that templates may name; `other` has a random template."""
    texts = {"things": THINGS, "parents": PARENTS, "grown": GROWN, "other": other}
    texts["ancestors"] = ANCESTORS
    populations = {
        "things": FixedPopulation(100),
        "grown": GrowingPopulation(),
        "ancestors": GrowingPopulation(),
    }
    return tuple(
        ReferencedStream(
            name,
            Template(text, name, VARIABLES, own_name=name),
            Stream(number, None if number else "parents"),
            EventContext(dataset=f"set of {name}"),
            populations.get(name, FixedPopulation()),
        )
        for number, (name, text) in enumerate(texts.items())
    )
