"""Calls of every function of `std` with the largest possible arguments."""

from tests.unit.jsonnet.std.valid_calls import VALID_CALLS, call

SIZE = 30_000_000
"""Characters of a large string; several exceed the bytes of an event."""


def texts(size):
    """Strings that are slow to search for escapes, digits, brackets or letters."""
    parts = ["x", "\\u0001", "é", "1", "0", "%d", "%0", "\\n", ",", "[", "[1,", '{\\"a\\":', "////"]
    return [f'std.repeat("{part}", {size // part_length(part)})' for part in parts] + [
        f'"[" + std.repeat("1,", {size // 2}) + "1]"',
        f'"\\"" + std.repeat("\\\\\\"", {size // 2})',
        f'"%" + std.repeat("1", {size}) + "d"',
        f'"+" + std.repeat("0", {size}) + "7"',
    ]


def part_length(part):
    """The number of characters of a literal."""
    return len(part.encode().decode("unicode_escape")) if "\\" in part else len(part)


def arrays(size):
    """Arrays with many elements, or with large elements."""
    many = size // 30
    return [
        f"std.range(1, {many})",
        f'std.repeat(["x"], {many})',
        f"std.repeat([255], {many})",
        f"std.repeat([1e308], {many})",
        f"std.repeat([false], {many})",
        f"std.repeat([null], {many})",
        f"local inner = std.range(1, {many // 10}); std.repeat([inner], {many // 10})",
        f'local text = std.repeat("x", {size // 3}); std.repeat([text], {many // 10})',
        f'[std.repeat("x", {size}), std.repeat("x", {size})]',
        f'local o = {{ [std.repeat("k", {size // 30})]: 1 }}; std.repeat([o], {many // 10})',
    ]


def objects(size):
    """Objects with a long name, many names, and large values."""
    many = size // 300
    return [
        f'{{ [std.repeat("k", {size})]: 1 }}',
        f'{{ ["k" + i]: i for i in std.range(1, {many}) }}',
        f'{{ a: std.repeat("\\u0001\\n", {size // 2}) }}',
        f"{{ a: {arrays(size)[6]} }}",
        f"{{ a: {arrays(size)[7]} }}",
        f"{{ sections: {{ s: {{ a: {arrays(size)[7]} }} }} }}",
    ]


NUMBERS = ["1e9", "1e15", "-1e9"]

ANY = frozenset(
    "assertEqual equals id __compare count find length manifestJson manifestJsonEx "
    "manifestJsonMinified manifestPython manifestYamlDoc mergePatch primitiveEquals prune "
    "toString escapeStringJson max min contains member remove clamp trace type".split()
)
"""Functions that take more kinds of values than their valid call shows."""


def large(name, argument, size):
    """The large values that can replace an argument."""
    if argument.startswith("function"):
        return []
    kinds = {'"': texts, "[": arrays, "{": objects}
    if name in ANY:
        return [*texts(size)[:3], *arrays(size), *objects(size)]
    kind = kinds.get(argument[0])
    return NUMBERS if kind is None else kind(size)


def programs(name, size):
    """Each argument replaced by each large one, and all arguments of its kind at once."""
    arguments = VALID_CALLS[name]
    for at, argument in enumerate(arguments):
        for value in large(name, argument, size):
            one = [*arguments[:at], "it", *arguments[at + 1 :]]
            yield f"local it = {value}; ", call(name, one)
            all_ = ["it" if a[0] == argument[0] or name in ANY else a for a in arguments]
            if all_ != one:
                yield f"local it = {value}; ", call(name, all_)
