"""Every key of `get_rand_data()` for a row, in plain Python, as in docs/reference/draws.md."""

import base64
import math
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import IPv6Address
from pathlib import Path

import eventer.functions
from eventer.kernels.draw import child, draw, step_of

DATA = Path(eventer.functions.__file__).parent / "data"
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LETTERS = UPPER + UPPER.lower()
TLDS = ["com", "biz", "info", "net", "org", "ru", "edu", "top"]
TYPES = [
    ("VISA", 16, ["4"]),
    ("MasterCard", 16, [str(p) for p in (*range(51, 56), *range(2221, 2721))]),
    ("American Express", 15, ["34", "37"]),
    ("Discover", 16, ["6011", "65", "644", "645", "646", "647", "648", "649"]),
    ("JCB", 16, [str(p) for p in range(3528, 3590)]),
    ("Diners Club", 14, ["300", "301", "302", "303", "304", "305", "36", "38"]),
]
CENTURIES = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI".split()
TITLES = [
    ["Miss", "Mrs.", "Ms.", "Dr.", "Prof.", "Lady", "Queen", "Princess"],
    ["Mr.", "Sir", "Dr.", "Prof.", "Lord", "King", "Prince"],
]


@cache
def entries(name: str) -> tuple[str, ...]:
    return tuple((DATA / f"{name}.txt").read_text().splitlines())


def below(word: int, size: int) -> int:
    return word * size >> 64


class ReferenceRow:
    """One call of `get_rand_data()` with key K at one index."""

    def __init__(self, key: int, index: int) -> None:
        self.call, self.index = key, index

    def key(self, name: str) -> int:
        return child(self.call, step_of(name))

    def one(self, name: str) -> int:
        return draw(self.key(name), self.index)

    def word(self, name: str, w: int) -> int:
        return draw(child(self.key(name), w), self.index)

    def pick(self, name: str, items: Sequence) -> object:
        return items[below(self.one(name), len(items))]

    def lanes(self, key: int, count: int) -> list[int]:
        words = [draw(child(key, w), self.index) for w in range(-(-count // 4))]
        return [word >> 16 * i & 0xFFFF for word in words for i in range(4)][:count]

    def octets(self, key: int, count: int) -> bytes:
        words = [draw(child(key, w), self.index) for w in range(count // 8)]
        return b"".join(word.to_bytes(8, "little") for word in words)

    def instant(self) -> datetime:
        seconds = below(self.one("unix_time"), 1_767_225_600)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)

    def gender(self) -> int:
        return below(self.one("gender"), 2)

    def cents(self) -> int:
        k = below(self.word("amount", 0), 8)
        return 1 + below(self.word("amount", 1), 10 ** (k + 2) - 1)

    def uuid(self) -> str:
        octets = bytearray(self.octets(self.key("uuid"), 16))
        octets[6] = octets[6] & 0x0F | 0x40
        octets[8] = octets[8] & 0x3F | 0x80
        return octets.hex()


def write_text(alphabet: str, lanes: list[int]) -> str:
    return "".join(choose(alphabet, lane) for lane in lanes)


def choose(items, lane: int):
    return items[lane * len(items) >> 16]


def cc_number(t: ReferenceRow) -> str:
    _, length, prefixes = TYPES[below(t.one("cc_type"), 6)]
    digits = [lane * 10 >> 16 for lane in t.lanes(t.key("cc_number"), 16)][16 - length :]
    prefix = prefixes[below(t.word("cc_number", 4), len(prefixes))]
    digits[: len(prefix)] = map(int, prefix)
    digits[-1] = 0
    doubled = [sum(divmod(2 * d, 10)) for d in digits[-2::-2]]
    digits[-1] = -(sum(doubled) + sum(digits[-3::-2])) % 10
    return "".join(map(str, digits))


def email(t: ReferenceRow) -> str:
    lanes = t.lanes(t.key("email"), 15)
    left, right = write_text(LETTERS, lanes[:7]), write_text(LETTERS, lanes[7:14])
    return f"{left}@{right}.{choose(TLDS, lanes[14])}"


def domain_name(t: ReferenceRow) -> str:
    lanes = t.lanes(t.key("domain_name"), 8)
    return f"{write_text(UPPER.lower(), lanes[:7])}.{choose(TLDS, lanes[7])}"


def url(t: ReferenceRow) -> str:
    lanes = t.lanes(t.key("url"), 16)
    user = write_text(LETTERS, lanes[7:14])
    files = [f"{user}.{e}" for e in ("html", "php", "jpg", "webp", "js", "css", "svg")]
    forms = [
        (f"{scheme}://{www}", path)
        for scheme in ("http", "https")
        for www in ("www.", "")
        for path in ["", user] + ([] if www else files)
    ]
    prefix, path = choose(forms, lanes[15])
    return f"{prefix}{write_text(UPPER.lower(), lanes[:7])}.{choose(TLDS, lanes[14])}/{path}"


def jwt(t: ReferenceRow) -> str:
    key = t.key("jwt")
    subject = write_text("0123456789", t.lanes(child(key, 0), 10))
    issued = 10**9 + below(draw(child(key, 1), t.index), 1_767_225_600 - 10**9)
    claims = f'{{"sub":"{subject}","iat":{issued}}}'
    parts = [b'{"alg":"HS256","typ":"JWT"}', claims.encode(), t.octets(child(key, 2), 32)]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


def phone_number(t: ReferenceRow) -> str:
    codes = [str(c) for c in range(200, 1000) if c % 100 != 11]
    area, exchange = (codes[below(t.word("phone_number", w), 792)] for w in range(2))
    line = write_text("0123456789", t.lanes(child(t.key("phone_number"), 2), 4))
    return f"{area}-{exchange}-{line}"


def toll_free_number(t: ReferenceRow) -> str:
    lanes = t.lanes(t.key("toll_free_number"), 10)
    digits = write_text("0123456789", lanes[:9])
    return f"({choose(['777', '888'], lanes[9])}) {digits[:3]}-{digits[3:]}"


def e_164_phone_number(t: ReferenceRow) -> str:
    lanes = t.lanes(t.key("e_164_phone_number"), 12)
    return (
        "+"
        + choose("78", lanes[0])
        + choose("123456789", lanes[1])
        + write_text("0123456789", lanes[2:])
    )


def first_name(t: ReferenceRow) -> str:
    lists = [entries("first_names_female"), entries("first_names_male")]
    return str(t.pick("first_name", lists[t.gender()]))


def name(t: ReferenceRow) -> str:
    title = t.pick("title", TITLES[t.gender()])
    return f"{title} {first_name(t)} {t.pick('last_name', entries('last_names'))}"


def sentence_of(word: int) -> str:
    left = [*entries("words")]
    rest = below(word, math.perm(len(left), 6))
    words = []
    for _ in range(6):
        rest, rank = divmod(rest, len(left))
        words.append(left.pop(rank))
    return " ".join(words).capitalize() + "."


def paragraph(t: ReferenceRow) -> str:
    count = 1 + below(t.word("paragraph", 0), 10)
    return " ".join(sentence_of(t.word("paragraph", 1 + j)) for j in range(count))


def mac_address(t: ReferenceRow) -> str:
    octets = bytearray(t.one("mac_address").to_bytes(8, "little")[:6])
    octets[0] &= 0xFE
    return octets.hex(":")


def hyphenated(digits: str) -> str:
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


METHODS = ["cc", "paypal", "check", "money order"]
REFERENCES: dict[str, Callable[[ReferenceRow], object]] = {
    "lat": lambda t: (below(t.one("lat"), 180_000_001) - 90_000_000) / 10**6,
    "long": lambda t: (below(t.one("long"), 360_000_001) - 180_000_000) / 10**6,
    "cc_number": cc_number,
    "cc_type": lambda t: TYPES[below(t.one("cc_type"), 6)][0],
    "email": email,
    "domain_name": domain_name,
    "ipv4": lambda t: ".".join(map(str, t.one("ipv4").to_bytes(8, "little")[:4])),
    "ipv6": lambda t: str(IPv6Address(t.octets(t.key("ipv6"), 16))),
    "password": lambda t: write_text(LETTERS, t.lanes(t.key("password"), 50)),
    "jwt": jwt,
    "phone_number": phone_number,
    "mac_address": mac_address,
    "url": url,
    "username": lambda t: write_text(LETTERS, t.lanes(t.key("username"), 7)),
    "toll_free_number": toll_free_number,
    "e_164_phone_number": e_164_phone_number,
    "first_name": first_name,
    "last_name": lambda t: t.pick("last_name", entries("last_names")),
    "name": name,
    "unix_time": lambda t: t.instant().timestamp(),
    "date": lambda t: f"{t.instant():%Y-%m-%d}",
    "time": lambda t: f"{t.instant():%H:%M:%S}",
    "month_name": lambda t: f"{t.instant():%B}",
    "year": lambda t: str(t.instant().year),
    "day_of_month": lambda t: f"{t.instant().day:2}",
    "timestamp": lambda t: f"{t.instant():%Y-%m-%d %H:%M:%S}",
    "century": lambda t: t.pick("century", CENTURIES),
    "timezone": lambda t: t.pick("timezone", entries("time_zones")),
    "time_period": lambda t: "AM" if t.instant().hour < 12 else "PM",
    "word": lambda t: t.pick("word", entries("words")),
    "sentence": lambda t: sentence_of(t.one("sentence")),
    "paragraph": paragraph,
    "currency": lambda t: t.pick("currency", entries("currencies")),
    "amount": lambda t: t.cents() / 100,
    "amount_with_currency": lambda t: (
        f"{t.pick('currency', entries('currencies'))} {t.cents() / 100:f}"
    ),
    "uuid_hyphenated": lambda t: hyphenated(t.uuid()),
    "uuid_digit": lambda t: t.uuid(),
    "opayment_method": lambda t: t.pick("opayment_method", METHODS),
    "id": lambda t: t.pick("id", [15, 27, 61]),
    "price": lambda t: t.pick("price", [4.95, 9.99, 31997.97]),
    "number": lambda t: t.pick("number", [1, 2]),
    "payment_method": lambda t: t.pick("opayment_method", METHODS),
}
