"""People: first name, last name and full name agree, and so do a title and a name's gender."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.functions import frozen
from eventer.functions.columns import Column, Pick
from eventer.functions.pieces import Below, Entry
from eventer.functions.rand_data.keys import codes, named
from eventer.functions.random_texts import Definition, spelt, word
from eventer.functions.spec import FieldSpec, Kind
from eventer.functions.spelling import Entries
from eventer.kernels import draw

_TITLES: Final = (
    ("Miss", "Mrs.", "Ms.", "Dr.", "Prof.", "Lady", "Queen", "Princess"),
    ("Mr.", "Sir", "Dr.", "Prof.", "Lord", "King", "Prince"),
)
_TITLE_ENTRIES: Final = Entries([title for titles in _TITLES for title in titles])
_FIRST_NAMES: Final = ("first_names_female", "first_names_male")

Codes: TypeAlias = NDArray[np.int64]


def _first_codes(key: draw.Key, index: draw.Index) -> Codes:
    """Numbers into two lists, one after the other, of which each row's gender chooses one."""
    sizes = np.array([len(frozen.lines(name)) for name in _FIRST_NAMES], dtype=np.uint64)
    men = codes(key, "gender", index, 2)
    drawn = draw.sized_column(named(key, "first_name"), index, sizes[men])
    return drawn + men * int(sizes[0])


def _last_codes(key: draw.Key, index: draw.Index) -> Codes:
    return codes(key, "last_name", index, len(frozen.lines("last_names")))


def _first_name(key: draw.Key, index: draw.Index) -> Column:
    return Pick(_first_codes(key, index), frozen.joined(*_FIRST_NAMES).entries)


def _last_name(key: draw.Key, index: draw.Index) -> Column:
    return Pick(_last_codes(key, index), frozen.joined("last_names").entries)


@spelt
def _name() -> Definition:
    female, male = (len(frozen.lines(name)) for name in _FIRST_NAMES)
    titles = (len(_TITLES[0]), len(_TITLES[1]))
    gender, last_names = Below(0, (2,)), frozen.joined("last_names")
    title = Below(1, titles, (0, titles[0]), by=gender)
    first = Below(2, (female, male), (0, female), by=gender)
    last = Below(3, (len(last_names),))
    return [word(name) for name in ("gender", "title", "first_name", "last_name")], (
        Entry(_TITLE_ENTRIES, title),
        b" ",
        Entry(frozen.joined(*_FIRST_NAMES), first),
        b" ",
        Entry(last_names, last),
    )


FIELDS: Final = (
    FieldSpec("first_name", Kind.TEXT, "An English first name, of a woman or a man.", _first_name),
    FieldSpec("last_name", Kind.TEXT, "An English surname.", _last_name),
    FieldSpec(
        "name",
        Kind.TEXT,
        "A title of the right gender, `first_name` and `last_name`.",
        _name,
    ),
)
