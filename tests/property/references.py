"""The streams that random templates refer to: fixed ones, and one with a random template."""

from eventer.core.model import EventContext, FixedPopulation, ReferencedStream, Stream, Template
from tests.property.comparisons import VARIABLES

NATIVES = (
    "get_integer", "get_index", "get_person", "get_boolean", "get_one_of", "get_words",
    "get_dataset", "get_event_of",
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
  assert get_integer(1, 50) > 1 : 'kept',
}
"""
)
PARENTS = HEAD + "{ m: if get_integer(1, 20) == 1 then error 'parent' else get_integer(5, 25) }"


def references(other):
    """The streams `things`, `parents` and `other`, which has a random template."""
    texts = {"things": THINGS, "parents": PARENTS, "other": other}
    return tuple(
        ReferencedStream(
            name,
            Template(text, name, VARIABLES),
            Stream(number, None if number else "parents"),
            EventContext(dataset=f"set of {name}"),
            FixedPopulation(100 if name == "things" else None),
        )
        for number, (name, text) in enumerate(texts.items())
    )
