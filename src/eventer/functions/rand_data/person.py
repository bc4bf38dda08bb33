"""People: first name, last name and full name agree, and so do title and gender."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from eventer.functions import data_files
from eventer.functions.columns import Column, DictionaryColumn
from eventer.functions.rand_data.field_keys import codes, named_key
from eventer.functions.random_texts import TextDefinition, text_field, word
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.functions.string_building import StringDictionary
from eventer.functions.text_numbers import BoundedNumber
from eventer.functions.text_parts import DictionaryPart
from eventer.kernels import draw

_TITLES: Final = (
    ("Miss", "Mrs.", "Ms.", "Dr.", "Prof.", "Lady", "Queen", "Princess"),
    ("Mr.", "Sir", "Dr.", "Prof.", "Lord", "King", "Prince"),
)
_TITLE_ENTRIES: Final = StringDictionary([title for titles in _TITLES for title in titles])
_FIRST_NAMES: Final = ("first_names_female", "first_names_male")

Codes: TypeAlias = NDArray[np.int64]


def _first_codes(key: draw.Key, index: draw.Index) -> Codes:
    """Numbers of names in the two concatenated lists; the gender of a row chooses the list."""
    sizes = np.array([len(data_files.lines(name)) for name in _FIRST_NAMES], dtype=np.uint64)
    men = codes(key, "gender", index, 2)
    drawn = draw.sized_column(named_key(key, "first_name"), index, sizes[men])
    return drawn + men * int(sizes[0])


def _last_codes(key: draw.Key, index: draw.Index) -> Codes:
    return codes(key, "last_name", index, len(data_files.lines("last_names")))


def _first_name(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(_first_codes(key, index), data_files.joined(*_FIRST_NAMES).entries)


def _last_name(key: draw.Key, index: draw.Index) -> Column:
    return DictionaryColumn(_last_codes(key, index), data_files.joined("last_names").entries)


@text_field
def _name() -> TextDefinition:
    female, male = (len(data_files.lines(name)) for name in _FIRST_NAMES)
    titles = (len(_TITLES[0]), len(_TITLES[1]))
    gender, last_names = BoundedNumber(0, (2,)), data_files.joined("last_names")
    title = BoundedNumber(1, titles, (0, titles[0]), by=gender)
    first = BoundedNumber(2, (female, male), (0, female), by=gender)
    last = BoundedNumber(3, (len(last_names),))
    return [word(name) for name in ("gender", "title", "first_name", "last_name")], (
        DictionaryPart(_TITLE_ENTRIES, title),
        b" ",
        DictionaryPart(data_files.joined(*_FIRST_NAMES), first),
        b" ",
        DictionaryPart(last_names, last),
    )


FIELDS: Final = (
    FieldSpec(
        "first_name", ReturnType.TEXT, "An English first name, of a woman or a man.", _first_name
    ),
    FieldSpec("last_name", ReturnType.TEXT, "An English surname.", _last_name),
    FieldSpec(
        "name",
        ReturnType.TEXT,
        "A title of the right gender, `first_name` and `last_name`.",
        _name,
    ),
)
