"""Random schemas and values that fit them, from a seeded source."""

from datetime import UTC, datetime, timedelta

from eventer.core.value_schema import (
    Choice,
    ListOf,
    MapOf,
    Optional,
    Record,
    RecordField,
    Scalar,
    ScalarKind,
    Union,
)

CHARACTERS = 'ab_1.-"\\\n\0/[ é㊲😀'
SYMBOLS = ("a", "A", "b_1", "_2", "UNSPECIFIED", "new")
ALTERNATIVES = (
    (Scalar(ScalarKind.BOOLEAN),),
    (Scalar(ScalarKind.INTEGER), Scalar(ScalarKind.NUMBER)),
    (Scalar(ScalarKind.TEXT), Scalar(ScalarKind.TIMESTAMP), Choice(("a", "b"))),
)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def random_text(source):
    return "".join(source.choices(CHARACTERS, k=source.choice((0, 1, 2, 5, 200))))


def random_schema(source, depth):
    """A schema that is not optional."""
    match source.randrange(7 if depth else 3):
        case 0 | 1:
            return Scalar(source.choice([*ScalarKind]))
        case 2:
            texts = SYMBOLS if source.random() < 0.7 else ("", "9", *SYMBOLS)
            return Choice(tuple(sorted(source.sample(texts, source.randint(1, 4)))))
        case 3:
            return ListOf(random_item(source, depth - 1))
        case 4:
            return MapOf(random_item(source, depth - 1))
        case 5:
            return random_record(source, depth - 1)
        case _:
            parts = [source.choice(each) for each in ALTERNATIVES]
            containers = (ListOf(random_item(source, depth - 1)), random_record(source, depth - 1))
            return Union((source.choice(parts), *containers[: source.randint(1, 2)]))


def random_item(source, depth):
    schema = random_schema(source, depth)
    return Optional(schema) if source.random() < 0.3 else schema


def random_record(source, depth):
    names = {random_text(source) for _ in range(source.randint(0, 5))}
    return Record(tuple(RecordField(name, random_item(source, depth)) for name in sorted(names)))


def random_value(source, schema):
    match schema:
        case Scalar(kind=kind):
            return random_scalar(source, kind)
        case Choice(texts=texts):
            return source.choice(texts)
        case Optional(value=value):
            return None if source.random() < 0.3 else random_value(source, value)
        case ListOf(element=element):
            return [random_value(source, element) for _ in range(source.choice((0, 1, 2, 70)))]
        case MapOf(value=value):
            return (
                {random_text(source): random_value(source, value)} if source.random() < 0.8 else {}
            )
        case Union(alternatives=alternatives):
            return random_value(source, source.choice(alternatives))
        case Record(fields=fields):
            value = {each.name: random_value(source, each.schema) for each in fields}
            return {
                n: each for n, each in value.items() if each is not None or source.random() < 0.5
            }


def random_scalar(source, kind):
    match kind:
        case ScalarKind.BOOLEAN:
            return source.random() < 0.5
        case ScalarKind.INTEGER:
            return source.choice((0, 1, -1, 300, int(source.uniform(-(2.0**62), 2.0**62))))
        case ScalarKind.NUMBER:
            return source.choice((0, -0.0, 1, 2.5, source.uniform(-1e9, 1e9)))
        case ScalarKind.TIMESTAMP:
            at = EPOCH + timedelta(
                microseconds=source.choice((0, 1, source.randint(-(2**55), 2**55)))
            )
            return at.isoformat().replace("+00:00", "Z")
        case ScalarKind.JSON:
            return source.choice((True, 1.5, "x", [None, {}], {"a": []}))
        case _:
            return random_text(source)
