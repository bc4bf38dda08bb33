"""`get_rand_data`: an object of random, realistic values, each computed only if it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.model import JsonValue
from eventer.functions.locales import one_of
from eventer.functions.rand_data import (
    cards,
    dates_and_times,
    geography,
    identifiers,
    internet,
    jwt,
    lorem,
    network,
    payment,
    person,
    phone,
    realistic,
)
from eventer.functions.spec import (
    BoundCall,
    FieldSpec,
    FunctionSpec,
    ObjectCall,
    Parameter,
    ReturnType,
)

# The documented order of the keys, and the hidden alias.
_ORDER: Final = (
    "lat long cc_number cc_type email domain_name ipv4 ipv6 password jwt phone_number mac_address "
    "url username toll_free_number e_164_phone_number first_name last_name name unix_time date "
    "time month_name year day_of_month timestamp century timezone time_period word sentence "
    "paragraph currency amount amount_with_currency uuid_hyphenated uuid_digit opayment_method id "
    "price number payment_method"
).split()
_FAMILIES: Final = (
    geography,
    cards,
    internet,
    network,
    jwt,
    phone,
    person,
    dates_and_times,
    lorem,
    payment,
    identifiers,
)
_BY_NAME: Final = {spec.name: spec for family in _FAMILIES for spec in family.FIELDS}

FIELDS: Final[dict[str, FieldSpec]] = {name: _BY_NAME[name] for name in _ORDER}


REALISTIC_FIELDS: Final = {name: realistic.FIELDS.get(name, FIELDS[name]) for name in _ORDER}
_STYLES: Final[dict[str | None, dict[str, FieldSpec]]] = {
    None: FIELDS,
    "realistic": REALISTIC_FIELDS,
}


@dataclass(frozen=True, slots=True)
class RandData(ObjectCall):
    """An object with a column per key, except the hidden one."""

    style: str | None

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        """See `ObjectCall.fields`."""
        return _STYLES[self.style]


def _bind(arguments: Sequence[JsonValue]) -> BoundCall:
    style = arguments[0]
    if style is None:
        return RandData(None)
    return RandData(one_of("get_rand_data", "style", style, ("realistic",)))


GET_RAND_DATA: Final = FunctionSpec(
    name="get_rand_data",
    parameters=(
        Parameter(
            "style",
            "text",
            "`realistic`: values as people expect them; if omitted, those of go-faker",
            None,
        ),
    ),
    return_type=ReturnType.OBJECT,
    doc="An object with one random value for each of the keys below. Only those that are read "
    "are computed. Each call draws its own; within one call related keys agree, so keep the "
    "object in a "
    "local to read several of them.",
    examples=(
        'get_rand_data()["first_name"]',
        "local card = get_rand_data(); { type: card.cc_type, number: card.cc_number }",
        "get_rand_data('realistic').email",
    ),
    bind=_bind,
    fields=FIELDS,
)
