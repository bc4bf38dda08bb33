"""Coordinates and time zones."""

from __future__ import annotations

from typing import Final

from eventer.functions import data_files
from eventer.functions.columns import Column, DictionaryColumn, FloatColumn
from eventer.functions.rand_data.field_keys import codes, integers
from eventer.functions.spec import FieldSpec, ReturnType
from eventer.kernels import draw

_MILLIONTHS: Final = 1_000_000


def _degrees(key: draw.Key, name: str, index: draw.Index, limit: int) -> Column:
    """Degrees in whole millionths (a tenth of a metre), which print with few digits."""
    ends = limit * _MILLIONTHS
    return FloatColumn(integers(key, name, index, -ends, ends) / _MILLIONTHS)


def _lat(key: draw.Key, index: draw.Index) -> Column:
    return _degrees(key, "lat", index, 90)


def _long(key: draw.Key, index: draw.Index) -> Column:
    return _degrees(key, "long", index, 180)


def _timezone(key: draw.Key, index: draw.Index) -> Column:
    zones = data_files.lines("time_zones")
    return DictionaryColumn(codes(key, "timezone", index, len(zones)), zones)


FIELDS: Final = (
    FieldSpec("lat", ReturnType.NUMBER, "A latitude from -90 to 90 with up to six decimals.", _lat),
    FieldSpec(
        "long", ReturnType.NUMBER, "A longitude from -180 to 180 with up to six decimals.", _long
    ),
    FieldSpec(
        "timezone",
        ReturnType.TEXT,
        "A name from the IANA time zone database, legacy names included.",
        _timezone,
    ),
)
