"""Which function makes the values of a field with a usual name, such as `email` or `zip`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from eventer.scaffold.record import FieldType

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NUMERIC: Final = frozenset({FieldType.INTEGER, FieldType.NUMBER})


@dataclass(frozen=True, slots=True)
class NameRule:
    """The values of fields with a name.

    `group` is the local with the object that has `member`: fields of one group agree. Without a
    group, `member` is the expression. `max_length` bounds the values. `code`: a pattern of a sample
    describes the values better. `whole`: words before the name make it another one.
    """

    member: str
    group: str | None = None
    max_length: int | None = None
    code: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class NamedValues:
    """The rule for a field, and the words before its usual name: `billing` of `billing_city`."""

    rule: NameRule
    prefix: str


GROUPS: Final = {
    "person": "e.person()",
    "address": "e.address()",
    "company": "e.company()",
    "product": "e.product()",
    "device": "e.device()",
    "contact": "e.rand_data('realistic')",
}
"""The expression of each local."""


Rules = dict[str, NameRule]


def _rules(
    names: str,
    member: str,
    group: str | None = None,
    max_length: int | None = None,
    *,
    code: bool = False,
    whole: bool = False,
) -> Rules:
    """One rule for several names."""
    return dict.fromkeys(names.split(), NameRule(member, group, max_length, code, whole))


_TEXTS: Final[Rules] = (
    _rules("first_name given_name firstname forename", "first_name", "person", 16)
    | _rules("last_name surname family_name lastname", "last_name", "person", 16)
    | _rules("full_name fullname display_name", "name", "person", 32)
    | _rules("email e_mail mail email_address", "email", "person", 45)
    | _rules(
        "phone phone_number telephone mobile tel fax phone_no", "phone", "person", 16, code=True
    )
    | _rules("user_name username login nickname", "user_name", "person", 32)
    | _rules("gender sex", "gender", "person", 6)
    | _rules("birth_date date_of_birth dob birthday birthdate", "birth_date", "person", 10)
    | _rules(
        "street_address address address1 address_1 address_line1 line1 address_line_1",
        "street_address",
        "address",
        32,
    )
    | _rules("street street_name", "street", "address", 24)
    | _rules("city town", "city", "address", 24)
    | _rules("state province district region county", "region", "address", 32, whole=True)
    | _rules(
        "zip zip_code zipcode postal_code postcode post_code", "postcode", "address", 8, code=True
    )
    | _rules("country_code country_iso", "country_code", "address", 2)
    | _rules("country country_name", "country", "address", 20)
    | _rules("time_zone timezone tz", "time_zone", "address", 32)
    | _rules(
        "company company_name organization organisation employer merchant vendor supplier "
        "manufacturer",
        "name",
        "company",
        36,
    )
    | _rules("industry", "industry", "company", 20)
    | _rules("domain domain_name", "domain", "company", 32)
    | _rules("product product_name item_name", "name", "product", 24)
    | _rules("category product_category", "category", "product", 12)
    | _rules("sku", "sku", "product", 11, code=True)
    | _rules("device_type", "type", "device", 8)
    | _rules("os operating_system platform", "os", "device", 10, whole=True)
    | _rules("os_version", "os_version", "device", 6)
    | _rules("device_model device", "model", "device", 24, whole=True)
    | _rules("brand", "brand", "device", 12)
    | _rules("serial serial_number serial_no", "serial_number", "device", 12, code=True)
    | _rules("ip ip_address ipv4 remote_addr client_ip ip_addr", "ipv4", "contact", 15)
    | _rules("ipv6", "ipv6", "contact", 39)
    | _rules("mac mac_address", "mac_address", "contact", 17)
    | _rules("url uri website homepage link referrer referer", "url", "contact", 64)
    | _rules("card_number cc_number credit_card credit_card_number", "cc_number", "contact", 16)
    | _rules("payment_method", "opayment_method", "contact", 16)
    | _rules("currency currency_code", "currency", "contact", 3)
    | _rules("user_agent useragent", "e.rand_user_agent()", None, 400)
    | _rules("uuid guid", "e.uuid()", None, 36)
    | _rules("job job_title occupation profession", "e.job()", None, 32)
    | _rules(
        "password password_hash token secret hash checksum api_key digest",
        "e.pattern('[0-9a-f]{32}')",
        None,
        32,
        code=True,
    )
    | _rules(
        "description comment comments note notes message body bio remarks remark summary "
        "review feedback",
        "e.sentences(1, 2)",
        None,
        160,
    )
    | _rules("language lang locale", "e.one_of('en, de, fr, es, ja')", None, 2, whole=True)
    | _rules("color colour", "e.one_of('red, green, blue, black, white')", None, 5)
)

_NUMBERS: Final[Rules] = (
    _rules("lat latitude", "latitude", "address")
    | _rules("lon lng long longitude", "longitude", "address")
    | _rules("age", "e.integer(18, 90)")
    | _rules("quantity qty", "e.integer(1, 5)")
    | _rules("rating stars", "e.integer(1, 5)")
    | _rules("year", "e.integer(1990, 2025)")
)
_AMOUNTS: Final = frozenset(
    "price amount total subtotal cost fee tax salary balance revenue".split()
)
_AMOUNT: Final = NameRule("e.lognormal(25, 0.8, 0.5, 1000, 2)")

_EVENT_TIMES: Final = frozenset(
    "created created_at created_on create_date create_time created_time creation_date updated "
    "updated_at update_time last_update last_updated modified modified_at inserted_at timestamp ts "
    "event_time occurred_at time at recorded_at ingested_at logged_at".split()
)
_NAMED: Final = {
    "person": "customer client user person people employee member staff author actor contact "
    "patient student teacher driver passenger guest owner manager sender recipient player artist "
    "account holder cardholder",
    "company": "company organization organisation employer vendor supplier merchant shop store "
    "brand carrier bank",
    "product": "product item article goods",
    "address city": "city town",
    "address country": "country nation",
    "address region": "state region province",
    "product category": "category",
}
_SUBJECTS: Final = {word: owner for owner, words in _NAMED.items() for word in words.split()}
_NAME_LENGTH: Final = 36


def snake_case(name: str) -> str:
    """A name in lower case with underscores: `billing_city` for `billingCity`."""
    return "_".join(word.lower() for word in _WORD.findall(name))


def is_event_time(name: str) -> bool:
    """Whether a field of this name has the time of its event."""
    return snake_case(name) in _EVENT_TIMES


def named_values(name: str, type_: FieldType, record: str) -> NamedValues | None:
    """The values of a field of a record; None if its name is not a usual one."""
    if type_ not in _NUMERIC and type_ not in (FieldType.TEXT, FieldType.DATE):
        return None
    words = snake_case(name).split("_")
    for start in range(len(words)):
        prefix, rest = "_".join(words[:start]), "_".join(words[start:])
        rule = _rule(rest, prefix, type_, record)
        if rule is not None and not (rule.whole and prefix):
            return NamedValues(rule, prefix)
    return None


def _rule(name: str, prefix: str, type_: FieldType, record: str) -> NameRule | None:
    if type_ in _NUMERIC:
        return _AMOUNT if name in _AMOUNTS else _NUMBERS.get(name)
    if type_ is FieldType.DATE:
        rule = _TEXTS.get(name)
        return rule if rule is not None and rule.member == "birth_date" else None
    if name == "name":
        return _name_of(prefix.rpartition("_")[2] or _singular(record))
    return _TEXTS.get(name)


def _name_of(subject: str) -> NameRule | None:
    """The rule for the name of something, such as a customer."""
    owner = _SUBJECTS.get(subject)
    if owner is None:
        return None
    group, _, member = owner.partition(" ")
    return NameRule(member or "name", group, _NAME_LENGTH)


def _singular(record: str) -> str:
    """The last word of a record's name in the singular: `customer` for `shop_customers`."""
    word = snake_case(record).rpartition("_")[2]
    for ending, singular in (("ies", "y"), ("sses", "ss"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss"):
            return word.removesuffix(ending) + singular
    return word
