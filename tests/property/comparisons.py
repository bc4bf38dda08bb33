"""Writes values of every origin, and the operators and functions of `std` that compare them.

All values come from a small pool, so that the two sides of a comparison are often equal.
"""

import json

from tests.property.source_writer import Writer

POOL = {
    "number": (0, 1, 2, -1.5),
    "string": ("", "a", "b", "A"),
    "boolean": (True, False),
    "null": (None,),
    "array": ([], [1], [1, 2], ["a"], [None], [[1], {"a": 1}], [{"a": 1}], [{"a": 2}, 1]),
    "object": (
        {}, {"a": 1}, {"a": 2}, {"a": 1, "b": 2}, {"a": {"b": 1}}, {"a": [1]}, {"a": None},
        {"a": "a", "b": [{"a": 1}]},
    ),
}  # fmt: skip
VALUES = tuple(value for values in POOL.values() for value in values)
VARIABLES = json.dumps({"given": "g", "values": VALUES})
"""The template's variables, a JSON text."""

CONDITIONS = (
    "true",
    "get_integer(1, 2) == 1",
    "get_one_of([true, false])",
    "get_integer(1, 9) > 0",
)
ORIGINS = (
    "<json>", "std.parseJson('<json>')", "std.parseYaml('<json>')", "<variable>", "<parts>",
    "<parts>", "get_one_of([<json>, <other json>])", "get_one_of([<json>])",
    "get_one_of([<value>, <other>])", "[<value>, <other>][get_integer(0, 1)]",
    "(if <condition> then <value> else <other>)", "(if <condition> then <value> else <value>)",
    "std.parseJson(get_one_of(['<json>', '<other json>']))", "std.id(<value>)",
    "(function(x, y=x) y)(<value>)", "(local x = <value>; x)", "{ x: <value>, y: self.x }.y",
    "({ x: <other> } + { x: <value> }).x", "{ x:: <value> }.x", "std.get({ x: <value> }, 'x')",
    "std.get({}, 'x', <value>)", "std.objectValues({ x: <value> })[0]",
    "std.objectKeysValues({ x: <value> })[0].value", "[e for e in [<value>]][0]",
    "std.mergePatch({ x: <other> }, { x: <value> }).x", "std.map(function(e) e, [<value>])[0]",
    "std.makeArray(2, function(i) if i == 1 then <value> else <other>)[1]",
    "std.filter(function(e) true, [<value>])[0]", "std.reverse([<other>, <value>])[0]",
    "std.foldl(function(t, e) e, [<other>, <value>], null)", "std.prune([<value>, 1])[0]",
    "std.flattenArrays([[<value>], [<other>]])[0]",
    "std.mapWithKey(function(k, v) v, { x: <value> }).x",
)  # fmt: skip
ORIGINS_OF_KIND = {
    "number": (
        "(<value> + 0)", "(<value> * 1)", "std.abs(<value>)", "std.max(<value>, <value>)",
        "get_integer(0, 2)", "std.parseInt('<json>')", "std.length([<other>, 1])",
    ),
    "string": (
        "(<value> + '')", "std.asciiLower(<value>)", "('%s' % <value>)", "get_one_of('a, b')",
        "std.toString(<value>)", "std.join('', [<value>])", "std.substr(<value>, 0, 1)",
    ),
    "boolean": ("(!<value>)", "(<value> && <value>)", "(get_integer(1, 2) == 1)"),
    "null": ("std.get({}, 'x')",),
    "array": (
        "(<value> + [])", "<value>[:]", "[e for e in <value>]", "std.map(function(e) e, <value>)",
        "std.filter(function(e) e != null, <value>)", "std.prune(<value>)", "std.uniq(<value>)",
        "std.mapWithIndex(function(i, e) e, <value>)", "[<other> for i in std.range(1, 2)]",
        "[<other> for i in std.range(1, get_integer(0, 2))]", "std.repeat([<other>], 2)",
        "std.repeat([<other>], get_integer(0, 2))", "std.removeAt(<value> + [<other>], 0)",
    ),
    "object": (
        "(<value> + {})", "(<value> + { h:: 1 })", "(<value> { b: <other> })",
        "(<value> + { [if <condition> then 'b']: 2 })", "std.mergePatch(<value>, {})",
        "std.mergePatch({}, <value>)", "std.mergePatch(<other object>, <value>)",
        "std.prune(<value>)", "std.mapWithKey(function(k, v) v, <value>)",
        "std.objectRemoveKey(<value> + { z: 1 }, 'z')", "std.objectRemoveKey(<value>, 'b')",
        "(local o = <value>; { [f]: o[f] for f in std.objectFields(o) })",
        "{ [e.key]: e.value for e in std.objectKeysValues(<value>) }", "{ a: get_integer(1, 2) }",
        "std.foldl(function(t, e) t + e, [<other object>, <value>], {})",
    ),
}  # fmt: skip

KEYS = (
    "function(e) std.toString(e)", "function(e) std.length(std.toString(e))",
    "function(e) std.type(e)", "function(e) [std.type(e), std.toString(e)]",
)  # fmt: skip
ORDERED = ("<", "<=", ">", ">=")
COMPARISONS = {
    "boolean": (
        "(<x> == <y>)", "(<x> == <y>)", "(<x> != <y>)", "std.equals(<x>, <y>)",
        "([<x>] == [<y>])", "({ f: <x> } == { f: <y> })", "({ f: <x>, h:: 1 } != { f: <y> })",
        "(local x = <x>; x == <y> || x == <x>)", "(function(x) x == <y>)(<x>)",
        "std.member(<list>, <x>)", "std.contains(<list>, <x>)", "(<first> <ordered> <second>)",
        "std.setMember(<first>, std.set([<second>, <second>]))",
        "std.primitiveEquals(<first>, <second>)", "('a' in <object>)",
        "std.objectHas(<object>, 'b')", "(<object> == <object>)", "(<x> == null)",
        "std.any([<x> == <y>, <x> == <x>])", "std.all([<x> == <y>])", "std.xor(<x> == <y>, true)",
        "std.setMember(<x>, std.set(<list>, <key>), <key>)", "(std.type(<x>) == std.type(<y>))",
        "(std.toString(<x>) == std.toString(<y>))",
        "({ x: <x> } == std.mergePatch({ x: <y> }, {}))",
        "(<list> == <list>)", "(std.length(<list>) == 0)", "(<list> == [])", "(<object> == {})",
    ),
    "number": (
        "std.count(<list>, <x>)", "std.length(std.find(<x>, <list>))",
        "std.length(std.remove(<list>, <x>))", "(if <x> == <y> then 1 else 2)",
        "std.foldl(function(t, e) if e == <y> then t + 1 else t, <list>, 0)",
        "std.length(std.uniq(<list>))", "std.length(std.set(<list>, <key>))",
        "std.__compare(<first>, <second>)", "std.maxArray([<number>, <number>])",
        "std.length([e for e in <list> if e == <x>])", "std.minArray([], onEmpty=<number>)",
    ),
    "string": (
        "(if <x> == <y> then 'same' else 'other')", "std.type(<x>)", "std.toString(<x>)",
        "std.manifestJsonMinified(<x>)", "std.toString(std.maxArray(<list>, <key>))",
        "std.toString(std.minArray(<list>, <key>))", "std.toString(std.assertEqual(<x>, <x>))",
        "std.join(',', std.map(std.toString, <list>))", "('%s' % [<x>])",
    ),
    "array": (
        "std.find(<x>, <list>)", "std.remove(<list>, <x>)", "std.uniq(<list>)",
        "std.uniq(<list>, <key>)", "std.sort(<list>, <key>)", "std.set(<list>, <key>)",
        "std.sort([<first>, <second>])", "std.set([<first>, <second>])",
        "std.uniq([<first>, <second>])", "std.setUnion(std.set([<first>]), std.set([<second>]))",
        "std.setInter(std.set([<first>]), std.set([<second>]))",
        "std.setDiff(std.set([<first>, <second>]), std.set([<second>]))",
        "std.setUnion(std.set(<list>, <key>), std.set(<list>, <key>), <key>)",
        "std.setInter(std.set(<list>, <key>), std.set(<list>, <key>), <key>)",
        "std.setDiff(std.set(<list>, <key>), std.set(<list>, <key>), <key>)",
        "[e for e in <list> if e == <x>]", "std.filter(function(e) e != <x>, <list>)",
        "std.filterMap(function(e) e == <x>, function(e) [e], <list>)", "<list>",
        "std.map(function(e) e == <x>, <list>)", "[<x>, <y>]", "std.flattenDeepArray([<x>, [<y>]])",
    ),
    "object": (
        "{ [if <x> == <y> then 'a']: <x> }", "std.mergePatch(<object>, <object>)",
        "(<object> + <object>)", "std.prune({ x: <x>, y: <y> })", "<object>",
        "std.mapWithKey(function(k, v) v == <x>, <object>)", "{ x: <x>, y: self.x == <y> }",
        "{ [std.toString(e)]: e == <x> for e in std.set(<list>, <key>) }",
        "{ x: <x>, y: <y>, assert self.x == self.x }",
    ),
}  # fmt: skip
"""Expressions by the kind of their result."""


class ComparisonWriter(Writer):
    """Draws comparisons of values.

    `<x>` and `<y>` are often equal; `<first>` and `<second>` can be ordered.
    """

    def comparison(self, kind, scope, depth):
        """An expression of a kind that compares values."""
        text, value = self.pick(COMPARISONS[kind]), self.pool_value()
        ordered, key = self.pick(("number", "string")), self.pick(KEYS)
        return self.fill_each(
            text,
            {
                "<x>": lambda: self.operand(value, scope, depth),
                "<y>": lambda: self.operand(self.similar(value), scope, depth),
                "<list>": lambda: self.value_list(value, scope, depth),
                "<key>": lambda: key,
                "<ordered>": lambda: self.pick(ORDERED),
                "<first>": lambda: self.value_of(self.pick(POOL[ordered]), depth),
                "<second>": lambda: self.value_of(self.pick(POOL[ordered]), depth),
                "<number>": lambda: self.value_of(self.pick(POOL["number"]), depth),
                "<object>": lambda: self.value_of(self.pick(POOL["object"]), depth),
            },
        )

    def fill_each(self, text, writers):
        """Replaces each placeholder in `text` by a new expression."""
        for placeholder, write in writers.items():
            parts = text.split(placeholder)
            text = parts[0] + "".join(write() + part for part in parts[1:])
        return text

    def pool_value(self):
        return self.pick(POOL[self.pick(("object", "object", "array", *POOL))])

    def similar(self, value):
        """The value itself, one of its kind, or another one."""
        return self.pick((value, value, self.pick(POOL[kind_of(value)]), self.pick(VALUES)))

    def operand(self, value, scope, depth):
        if self.chance(6):
            return self.any(scope, 0)
        return self.value_of(value, depth)

    def value_list(self, value, scope, depth):
        count = self.random.randint(1, 3)
        if self.chance(3):
            return self.value_of([self.similar(value) for _ in range(count)], depth)
        items = [self.operand(self.similar(value), scope, depth - 1) for _ in range(count)]
        return f"[{', '.join(items)}]"

    def value_of(self, value, depth):
        """An expression that has this value, at least in some events."""
        if depth <= 0:
            return json.dumps(value)
        kind = kind_of(value)
        origin = self.pick(self.pick((ORIGINS, ORIGINS_OF_KIND[kind])))
        other = self.similar(value)
        return self.fill_each(
            origin,
            {
                "<json>": lambda: json.dumps(value),
                "<other json>": lambda: json.dumps(other),
                "<variable>": lambda: (
                    f"std.extVar('values')[{VALUES.index(value)}]"
                    if value in VALUES
                    else json.dumps(value)
                ),
                "<condition>": lambda: self.pick(CONDITIONS),
                "<parts>": lambda: self.parts(value, depth),
                "<value>": lambda: self.value_of(value, depth - 1),
                "<other>": lambda: self.value_of(other, depth - 1),
                "<other object>": lambda: self.value_of(self.pick(POOL["object"]), depth - 1),
            },
        )

    def parts(self, value, depth):
        """A literal whose parts have origins of their own."""
        if isinstance(value, list):
            return f"[{', '.join(self.value_of(each, depth - 1) for each in value)}]"
        if isinstance(value, dict):
            fields = [f"{name}: {self.value_of(v, depth - 1)}" for name, v in value.items()]
            return "{ " + ", ".join(fields) + " }"
        return json.dumps(value)


def kind_of(value):
    """The kind of a value of the pool."""
    if value is None:
        return "null"
    return {bool: "boolean", str: "string", list: "array", dict: "object"}.get(
        type(value), "number"
    )
