"""`get_product` and `get_device`: the keys of one thing agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from eventer.core.model import JsonValue
from eventer.functions import data_files
from eventer.functions.columns import Column, DictionaryColumn, FloatColumn
from eventer.functions.rand_data.field_keys import codes, integers, named_key
from eventer.functions.random_texts import TextDefinition, text_field, word, words
from eventer.functions.spec import FieldMaker, FieldSpec, FunctionSpec, ObjectCall, ReturnType
from eventer.functions.string_building import StringDictionary
from eventer.functions.text_numbers import BoundedNumber, LaneNumber
from eventer.functions.text_parts import DictionaryPart, FormPart
from eventer.kernels import draw

_LOWEST_PERCENT: Final = 70
_HIGHEST_PERCENT: Final = 130
_ENDS: Final = np.array((99, 99, 49, 0), dtype=np.int64)
"""The cents of prices, each equally likely."""
_COLOURS: Final = StringDictionary(("BLK", "WHT", "RED", "BLU", "GRN", "GRY", "BRN", "SLV"))


@cache
def _rows(name: str) -> tuple[tuple[str, ...], ...]:
    """The rows of a list of things, as columns."""
    return tuple(zip(*(line.split("\t") for line in data_files.lines(name)), strict=True))


def _thing(name: str, key: draw.Key, index: draw.Index) -> NDArray[np.int64]:
    """The numbers of things in their list."""
    return codes(key, "thing", index, len(_rows(name)[0]))


def _entry(name: str, column: int) -> FieldMaker:
    """A field that is a column of a list."""

    @cache
    def entries() -> tuple[tuple[str, ...], NDArray[np.int64]]:
        values = _rows(name)[column]
        distinct = tuple(dict.fromkeys(values))
        return distinct, np.array([distinct.index(each) for each in values], dtype=np.int64)

    def make(key: draw.Key, index: draw.Index) -> Column:
        distinct, numbers = entries()
        return DictionaryColumn(numbers[_thing(name, key, index)], distinct)

    return make


def _price(key: draw.Key, index: draw.Index) -> Column:
    """A price near that of the list, in whole units and usual cents."""
    usual = np.array([int(cents) for cents in _rows("products")[2]], dtype=np.int64)
    percent = integers(key, "price", index, _LOWEST_PERCENT, _HIGHEST_PERCENT)
    units = usual[_thing("products", key, index)] * percent // 10_000
    cents = _ENDS[codes(key, "cents", index, len(_ENDS))]
    return FloatColumn((units * 100 + cents) / 100)


def _sku() -> TextDefinition:
    """The first letters of the category, the number of the product, a colour and a size."""
    categories = _rows("products")[0]
    stems = [f"{category[:3].upper()}-{number:03}-" for number, category in enumerate(categories)]
    product = BoundedNumber(0, (len(stems),))
    colour = LaneNumber(4, len(_COLOURS))
    return [word("thing"), *words("sku", 1)], (
        DictionaryPart(StringDictionary(stems), product),
        DictionaryPart(_COLOURS, colour),
    )


@cache
def _versions() -> tuple[tuple[str, ...], NDArray[np.uint64], NDArray[np.int64]]:
    """All versions of operating systems, and of each device their number and the first."""
    texts = [each.split(" ") for each in _rows("devices")[4]]
    sizes = np.array([len(each) for each in texts], dtype=np.uint64)
    starts = np.concatenate(([0], np.cumsum(sizes.astype(np.int64))[:-1]))
    return tuple(text for each in texts for text in each), sizes, starts


def _os_version(key: draw.Key, index: draw.Index) -> Column:
    texts, sizes, starts = _versions()
    device = _thing("devices", key, index)
    drawn = draw.sized_column(named_key(key, "os_version"), index, sizes[device])
    return DictionaryColumn(drawn + starts[device], texts)


def _serial_number() -> TextDefinition:
    form = StringDictionary(("??#?##??####",))
    return words("serial_number", 4), (FormPart(form, BoundedNumber(0, (1,)), 4),)


def _by_name(*fields: FieldSpec) -> Mapping[str, FieldSpec]:
    return {each.name: each for each in fields}


_TEXT: Final = ReturnType.TEXT
PRODUCT_FIELDS: Final = _by_name(
    FieldSpec("name", _TEXT, "A product of a shop.", _entry("products", 1)),
    FieldSpec("category", _TEXT, "The category of `name`.", _entry("products", 0)),
    FieldSpec(
        "price",
        ReturnType.NUMBER,
        "A price within 30 % of the usual price of `name`; it ends in .99, .49 or .00.",
        _price,
    ),
    FieldSpec(
        "sku",
        _TEXT,
        "The first letters of `category`, the number of `name`, and a colour: `TOY-063-RED`.",
        text_field(_sku),
    ),
)
DEVICE_FIELDS: Final = _by_name(
    FieldSpec(
        "type",
        _TEXT,
        "`phone`, `tablet`, `laptop`, `desktop`, `tv` or `watch`; phones are the most frequent.",
        _entry("devices", 0),
    ),
    FieldSpec("brand", _TEXT, "The maker of `model`.", _entry("devices", 1)),
    FieldSpec("model", _TEXT, "A model, each equally likely.", _entry("devices", 2)),
    FieldSpec("os", _TEXT, "The operating system of `model`.", _entry("devices", 3)),
    FieldSpec("os_version", _TEXT, "A version of `os` that `model` runs.", _os_version),
    FieldSpec(
        "serial_number", _TEXT, "Twelve digits and capital letters.", text_field(_serial_number)
    ),
)


@dataclass(frozen=True, slots=True)
class Thing(ObjectCall):
    """A thing with these fields."""

    all_fields: Mapping[str, FieldSpec]

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        """See `ObjectCall.fields`."""
        return self.all_fields


def _binder(fields: Mapping[str, FieldSpec]) -> Callable[[Sequence[JsonValue]], Thing]:
    return lambda _: Thing(fields)


GET_PRODUCT: Final = FunctionSpec(
    name="get_product",
    parameters=(),
    return_type=ReturnType.OBJECT,
    doc="A product of a shop as an object; only the keys that are read are computed. The keys "
    "of one "
    "call agree, so keep the object in a local to read several of them.",
    examples=(
        "get_product().name",
        "local p = get_product(); { sku: p.sku, title: p.name, price: p.price }",
    ),
    bind=_binder(PRODUCT_FIELDS),
    fields=PRODUCT_FIELDS,
)

GET_DEVICE: Final = FunctionSpec(
    name="get_device",
    parameters=(),
    return_type=ReturnType.OBJECT,
    doc="A phone, computer or other device as an object; only the keys that are read are "
    "computed. The "
    "keys of one call agree, so keep the object in a local to read several of them.",
    examples=("get_device().model", "local d = get_device(); d.brand + ' ' + d.model"),
    bind=_binder(DEVICE_FIELDS),
    fields=DEVICE_FIELDS,
)
