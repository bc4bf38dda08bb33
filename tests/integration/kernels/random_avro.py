"""Random Avro schemas, and values that fit them, from a seeded source."""

import struct
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.integration.kernels.random_schemas import random_text

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MISSING = object()


@dataclass
class AvroCase:
    """A schema, and pairs of an event's value and what is read back of it."""

    schema: object
    draw: object


class AvroCases:
    """Draws schemas, whose named types have different names."""

    def __init__(self, source):
        self.source = source
        self.names = 0

    def name(self):
        self.names += 1
        return f"n{self.names}"

    def case(self, depth):
        kinds = [self.simple, self.simple, self.array, self.map, self.record, self.record]
        kinds += [self.nullable, self.union]
        return (self.source.choice(kinds) if depth else self.simple)(depth - 1)

    def simple(self, _):
        return self.source.choice((
            self.number, self.number, self.text, self.boolean, self.enum, self.latin, self.decimal,
            self.instant, self.date,
        ))()  # fmt: skip

    def number(self):
        kind = self.source.choice(("int", "long", "float", "double"))
        bits = 31 if kind == "int" else 53

        def draw():
            if kind in ("int", "long"):
                number = self.source.choice(
                    (0, -1, 63, 64, self.source.randrange(-(2**bits), 2**bits))
                )
                return number, number
            number = self.source.choice((0, 2.5, self.source.uniform(-1e9, 1e9)))
            size = "<f" if kind == "float" else "<d"
            return number, struct.unpack(size, struct.pack(size, number))[0]

        return AvroCase(kind, draw)

    def text(self):
        return AvroCase("string", lambda: (random_text(self.source),) * 2)

    def boolean(self):
        return AvroCase("boolean", lambda: (self.source.random() < 0.5,) * 2)

    def enum(self):
        symbols = self.source.sample(("a", "b_1", "C", "d", "e"), self.source.randint(1, 4))
        schema = {"type": "enum", "name": self.name(), "symbols": symbols}
        return AvroCase(schema, lambda: (self.source.choice(symbols),) * 2)

    def latin(self):
        size = self.source.randint(0, 9)
        fixed = {"type": "fixed", "name": self.name(), "size": size}

        def draw():
            text = "".join(self.source.choices('a\xe9\0\xff"', k=size))
            return text, text.encode("latin-1")

        return AvroCase(self.source.choice(("bytes", fixed)), draw)

    def decimal(self):
        precision = self.source.randint(1, 15)
        scale = self.source.randint(0, precision)
        schema = {"logicalType": "decimal", "precision": precision, "scale": scale}
        fixed = {"type": "fixed", "name": self.name(), "size": 7}
        schema |= fixed if self.source.random() < 0.2 else {"type": "bytes"}

        def draw():
            number = Decimal(self.source.randrange(-(10**precision) + 1, 10**precision))
            number = number.scaleb(-scale)
            return self.source.choice((float, "{:f}".format))(number), number

        return AvroCase(schema, draw)

    def instant(self):
        unit = self.source.choice(("millis", "micros"))
        step = 1_000 if unit == "millis" else 1

        def draw():
            micros = self.source.choice((0, -1, 1, self.source.randint(-(2**55), 2**55)))
            text = (EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
            return text, EPOCH + timedelta(microseconds=micros // step * step)

        return AvroCase({"type": "long", "logicalType": f"timestamp-{unit}"}, draw)

    def date(self):
        def draw():
            day = date.fromordinal(self.source.randint(1, date.max.toordinal()))
            late = f"{day}T23:59:59Z"
            return self.source.choice((str(day), late)), day

        return AvroCase({"type": "int", "logicalType": "date"}, draw)

    def array(self, depth):
        inner = self.case(depth)

        def draw():
            pairs = [inner.draw() for _ in range(self.source.choice((0, 1, 2, 70)))]
            return [value for value, _ in pairs], [read for _, read in pairs]

        return AvroCase({"type": "array", "items": inner.schema}, draw)

    def map(self, depth):
        inner = self.case(depth)

        def draw():
            names = {random_text(self.source) for _ in range(self.source.choice((0, 1, 3)))}
            pairs = {name: inner.draw() for name in sorted(names)}
            return {n: pair[0] for n, pair in pairs.items()}, {n: p[1] for n, p in pairs.items()}

        return AvroCase({"type": "map", "values": inner.schema}, draw)

    def record(self, depth):
        names = self.source.sample(
            ("a", "b", "B", "c", "_d", "ab", "z9"), self.source.randint(0, 5)
        )
        if self.source.random() < 0.3:
            names.sort()
        inner = {name: self.case(depth) for name in names}
        defaulted = f"d{self.source.randint(0, 9)}"
        fields = [{"name": name, "type": inner[name].schema} for name in names]
        place = self.source.randint(0, len(fields))
        fields.insert(place, {"name": defaulted, "type": ["long", "null"], "default": 300})

        def draw():
            pairs = {name: each.draw() for name, each in inner.items()}
            number = self.source.choice((MISSING, None, 5))
            read = {n: pair[1] for n, pair in pairs.items()}
            read[defaulted] = 300 if number is MISSING else number
            value = {n: pair[0] for n, pair in pairs.items()}
            return value if number is MISSING else value | {defaulted: number}, read

        return AvroCase({"type": "record", "name": self.name(), "fields": fields}, draw)

    def nullable(self, depth):
        inner = self.source.choice((self.simple, self.array, self.map, self.record))(depth)
        schema = self.source.choice((["null", inner.schema], [inner.schema, "null"]))
        return AvroCase(
            schema, lambda: (None, None) if self.source.random() < 0.4 else inner.draw()
        )

    def union(self, depth):
        parts = [self.number(), self.boolean(), self.text(), self.record(depth), self.array(depth)]
        parts = self.source.sample(parts, self.source.randint(1, len(parts)))
        return AvroCase([p.schema for p in parts], lambda: self.source.choice(parts).draw())
