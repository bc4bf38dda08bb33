"""Random event templates: most are well-typed; some rows raise an error.

`templates()` draws source text with every construct that the plan supports; `programs.py` does this
for the deterministic language, and `comparisons.py` compares values of every origin. The scope
records the kind of each variable.
"""

from dataclasses import dataclass, replace

from eventer.functions.catalog import CATALOG
from eventer.jsonnet.importer import StoredImporter
from tests.property.comparisons import COMPARISONS, KEYS, ORIGINS, ORIGINS_OF_KIND, ComparisonWriter
from tests.property.source_writer import RANDOMS, Scope

KINDS = ("number", "number", "string", "string", "boolean", "array", "object")
FIELDS = ("a", "b", "c", "d", "e")
PRELUDE = {f"{name}(": f"local {name} = std.native('{name}');\n" for name in CATALOG.names()}
PRELUDE["library."] = "local library = import 'eventer.libsonnet';\n"
"""The locals that a template needs, by what it contains."""
NUMBERS = ("0", "1", "2", "-3", "0.5", "10", "1e3", "255", "1e15", "2.675", "100", "1e21", "-0.0")
STRINGS = ("''", "'a'", "'abc'", "'é😀'", "'a,b,c'", "'10'", "'A b'", "'\\n\\u0001\"'", "'%'")
STATES = (
    "{ a: { next: { a: 1, b: 2 }, dwell: { normal: [3, 2] } }, b: { next: { c: 1 } }, c: {} }",
    "{ a: { next: { b: 1 }, dwell: { exponential: [9] } }, b: { next: { a: 4, c: 1 } }, c: {} }",
    "{ a: { next: { b: 1 }, dwell: 5 }, b: { next: { a: 1 }, dwell: { triangular: [1, 3, 9] } } }",
    "{ a: { next: { b: 1, a: 3 }, dwell: { lognormal: [60, 0.5, 1, 900, 3] } }, b: {} }",
    "{ a: { next: { b: 1 }, dwell: { gamma: [2, 9] } }, b: { dwell: { pareto: [1.2, 5] } } }",
    "get_one_of([{ a: {} }, { a: { next: { b: 1 } }, b: { dwell: { uniform: [1, 2, 1] } } }])",
)
CHAINS = (
    "get_chain({states}, 'a', 4)", "get_chain({states}, 'a', get_one_of([1, 5]))",
    "library.chain(max=3, start=get_one_of(['a', 'b']), states={states})",
)  # fmt: skip
NAMES = (
    "['a', 'b']",
    "['a', 'b']",
    "[get_one_of('a, b'), 'c']",
    "get_one_of([['a'], ['b', 'c'], []])",
    "std.set([get_one_of('a, b'), get_one_of('b, c')])",
    "[get_one_of(['a', null])]",
)
DRAWS = {
    "number": (
        "get_integer(1, 10)", "get_integer(-2, 2)", "get_integer(0, {number})",
        "get_integer({number}, 1e6)", "get_number(-1, 1)", "get_number({number}, 1e4)",
        "get_number(0, {number}, 2)", "get_normal({number}, 3)", "get_normal(0, 2, -1, {number})",
        "get_normal(min=-2, mean={number}, stddev=1, decimals=2)",
        "get_lognormal(get_number(0.1, 9), 0.5)", "get_lognormal(40, 1, 1, {number}, 2)",
        "get_exponential(9)", "get_exponential({number}, 0, 50, 1)",
        "get_beta(get_number(0.5, 3), 2, 3)", "get_pareto(1.2, get_integer(1, 9))",
        "get_pareto(2, 1, {number}, 2)", "get_triangular(0, get_integer(0, 5), 9)",
        "get_triangular(-1, {number}, 300, 2)", "get_binomial(get_integer(0, 9), 0.3)",
        "get_binomial({number}, get_number(0, 1))", "get_geometric(get_number(0.1, 1))",
        "get_poisson({number})", "get_gamma(get_number(0.1, 3), 2, 1)",
        "get_zipf(get_integer(0, 50), 1.5)", "get_signal({string}, {number}, 1, '1h', 0.2)",
        "get_walk({number}, 5, 1, '1m', '2026-01-01', 0, 10, {number})",
        "get_season([1, 5, 2], 'day', 'Europe/Berlin')", "get_season([0, 9], offset={number})",
        "get_signal('a', 1, {number}, '30m', offset=get_duration(0, '1h'))",
        "get_one_of([1, 2.5, -7])", "get_rand_data().amount", "get_rand_data()['lat']",
        "get_rand_data().unix_time", "get_integer(0, 4)", "get_one_of([1, 2, 3], [0, 1, 2.5])",
        "library.integer(hi=9, lo={number})", "get_integer(hi=1e6, lo={number})",
        "get_address().latitude", "get_product().price",
        "get_row('rows.csv', types={{ size: 'number' }}).size", "get_row('rows.json').size",
        "get_row('rows.json', index=get_index()).size",
        "get_rand_data('realistic').id",
        "get_index()", "get_sequence(5, -2)", "get_sequence({number}, get_integer(0, 3))",
        "get_cycle([3, {number}])", "get_unique_integer(1, 7)", "get_unique_integer(-300, 900)",
        "get_epoch()", "get_epoch('s', {number})", "get_duration('-1s', '1m')",
        "get_duration(0, {number})",
        "get_event_of('things').n", "get_event_of('things', 'zipf', 40).sub.parent",
        "get_event_of('things', 'recent', get_one_of([3, 70])).sub.n",
        "get_event_of('things', index={number}).n", "get_event_of('things').items[1].id",
        "get_event_of('other', count=12).a", "get_event_of('grown').n",
        "get_event_of('grown', 'recent').sub.epoch", "get_event_of('grown', 'recent').up.n",
        "get_event_of('grown', index={number}).n", "get_event_of('things', 'zipf').before",
        "(local p = get_event_of('itself', 'recent'); if p == null then {number} else p.a)",
    ),
    "string": (
        "get_one_of('a, b, c')", "get_one_of(['x', 'a', 'a', 'é'])", "get_rand_data().first_name",
        "get_rand_data()['word']", "get_rand_data().uuid_digit", "get_one_of('a, b')",
        "get_timestamp('2024-01-01', '2024-02-01', '1h')", "get_timestamp('now-1h', 'now', '1ms')",
        "get_rand_user_agent()", "get_dataset('d')", "get_rand_data().cc_number",
        "get_instance_id('i')", "get_rand_data().opayment_method", "get_one_of(['a', {string}])",
        "get_one_of({{ a: 3, b: 0.5, c: 0 }})", "get_one_of(['a', {string}], [1, 3])",
        "library.one_of('a, b')",
        "get_pattern('[a-c]{{1,3}}(é|\\\\d)?')", "get_pattern('[\"/x]{{2}}')",
        "get_pattern(get_one_of(['[ab]c', 'd+']))", "get_words(1, 2)", "get_sentences(1, 2)",
        "get_words(get_integer(1, 2), 2)",
        "get_cycle('a b c')", "get_uuid()", "get_uuid7()", "get_now()", "get_now('us', {number})",
        "get_now(get_one_of('s, ns'), get_duration(0, 1))",
        "get_person().name", "get_person('ja').email",
        "get_person(get_one_of('ru, es')).last_name", "get_address('de').postcode",
        "get_address('ja').city", "get_company('ru').name", "get_job('fr')", "get_product().sku",
        "get_device().os", "get_address('ru').street_address",
        "get_row('rows.csv').name", "get_row(get_one_of(['rows.csv', 'rows.json']), 'size').name",
        "get_row('rows.csv', index={number}).note", "library.row('rows.json').note",
        "get_rand_data('realistic').email", "get_rand_data('realistic').sentence",
        "get_rand_data(get_one_of([null, 'realistic'])).cc_number",
        "get_event_of('things', count=9).sub.label", "get_event_of('things').opt",
        "get_event_of('things', 'zipf').bad", "get_event_of('other', 'zipf', 30).b",
        "get_event_of('grown').now", "get_event_of('grown').up.at",
        "(local p = get_event_of('itself', count=9); if p != null then p.b else 'x')",
        "get_event_of('grown', get_one_of(['zipf', 'recent']), 9).s",
    ),
    "boolean": (
        "(get_integer(1, 3) == 1)", "get_one_of([true, false])",
        "(get_number(0, 1) < 0.3)", "get_boolean()", "get_boolean(get_number(0, 1))",
        "get_boolean(0.5 + {number} / 100)", "get_event_of('things', count=7).b",
    ),
    "array": (
        "get_one_of([[1], [2, 3], []])", "std.range(1, get_integer(0, 4))",
        "get_some_of([{any}, 'b', 3], 0, 2)", "get_some_of('a b c', get_integer(0, 2), 3)",
        "get_shuffled([{any}, 2])", "get_some_of('a b', 0, {number})",
        "get_event_of('things', count=20).list", "get_event_of('other', count=5).c",
    ),
    "object": (
        "get_one_of([{{ a: 1, b: 'x' }}, {{ a: 2, b: 'y' }}])", "get_person('es')",
        "get_product()", "get_address(null, 'JP')",
        "get_row('rows.csv', 'size', types={{ size: 'number', open: 'boolean', note: 'text' }})",
        "get_row('rows.json')", "get_row('rows.json', index=get_index())",
        "get_event_of('things', count=20).sub", "get_event_of('other', count=20)",
        "get_event_of('things').kind", "get_event_of('grown').sub",
        "(get_event_of('parents', count=9) + {object})",
    ),
}  # fmt: skip
LIBRARY = StoredImporter(
    {
        "rows.csv": b'name,size,open,note\na,1,true,\n"b\n""c",2.5,,x\n\xc3\xa9,-0,false,"n,o"\n',
        "rows.json": b"""[{"name": "a", "size": 2, "note": null}, {"name": "x", "size": 0.5},
            {"name": "\\u00e9", "size": 7, "deep": {"a": [1]}, "note": "q"}]""",
    }
)
"""The files that `get_row` reads."""
CALLS = {
    "number": (
        "std.length({string})", "std.length({array})", "std.length({object})", "std.abs({number})",
        "std.max({number}, {number})", "std.min({number}, {number})", "std.floor({number})",
        "std.ceil({number})", "std.round({number})", "std.clamp({number}, 0, 50)",
        "std.sign({number})", "std.sqrt(std.abs({number}))", "std.pow({number}, 2)",
        "std.mod({number}, 7)", "std.parseInt('%d' % {number})", "std.sum({numbers})",
        "std.foldl(function(t, e) t + e, {numbers}, 0)", "std.parseInt({string})",
        "std.foldl(function(t, e) std.max(t, e), {numbers}, {number})", "std.exp({number} / 1e6)",
        "{numbers}[0]", "{numbers}[{number} % 2]",
    ),
    "string": (
        "std.toString({scalar})", "std.asciiUpper({string})", "std.asciiLower({string})",
        "std.substr({string}, 1, 2)", "std.substr({string}, 0, {number} % 4)", "{string}[0]",
        "std.join('-', {strings})", "std.strReplace({string}, 'a', 'bb')", "std.md5({string})",
        "std.base64({string})", "std.repeat({string}, 2)",
        "std.repeat({string}, get_integer(0, 3))", "std.deepJoin([{string}, [{string}]])",
        "std.manifestJsonMinified({any})",
        "'%d/%05.2f' % [{number}, {number}]", "'%s-%s' % [{scalar}, {string}]", "'%s' % {scalar}",
        "'%(a)s!' % {object}", "std.format('%x %g', [std.floor({number}), {number}])",
        "std.type({any})", "std.sha256({string})", "std.split({string} + ',z', ',')[0]",
        "std.toString({any})", "{string}[1:3]", "std.stripChars({string}, 'a')",
        "std.join('', std.map(function(e) '<' + e + '>', {strings}))",
    ),
    "boolean": (
        "std.startsWith({string}, 'a')", "std.endsWith({string}, {string})",
        "std.isString({any})", "std.isNumber({any})", "std.objectHas({object}, {string})",
        "std.member(['a', 'b'], {string})", "std.objectHas({object}, 'a')", "std.isObject({any})",
        "std.member({strings}, {string})", "('a' in {object})",
        "std.contains(['a', 'x'], {string})",
    ),
    "array": (
        "std.makeArray(get_integer(0, 3), function(i) {number})", "std.reverse({array})",
        "std.map(function(e) [e, {any}], {array})", "std.split({string}, 'a')",
        "std.filter(function(e) e > {number}, {numbers})", "std.objectFields({object})",
        "std.mapWithIndex(function(i, e) i, {array})", "std.range(0, get_integer(-1, 3))",
        "{array}[:2]", "std.sort({numbers})", "std.set({strings})", "std.repeat({array}, 2)",
        "std.flatMap(function(e) [e, e], {array})", "std.stringChars({string})",
    ),
    "object": (
        "std.mapWithKey(function(k, v) [k, v], {object})", "std.mergePatch({object}, {object})",
        "std.prune({object})", "({object} + {object})", "({object} {{ a: {any} }})",
        "({object} {{ b+: {number} }})", "({object} {{ z: super.a }})",
    ),
}  # fmt: skip


INDEXES = (
    "{index} % std.length({base})", "std.length({base}) - 1 - {index} % std.length({base})",
    "0", "std.length({base}) - 1",
)  # fmt: skip
"""How an element may index the other list."""
CHECKS = {
    "number": "e > 1", "string": "e < 'b'", "boolean": "e", "array": "std.length(e) > 1",
    "object": "'a' in e",
}  # fmt: skip
"""Conditions that an element may check on itself first."""
CONSTRUCTS = {
    text
    for table in (
        DRAWS,
        CALLS,
        COMPARISONS,
        ORIGINS_OF_KIND,
        {"any": (*NAMES, *ORIGINS, *KEYS, *CHAINS, *STATES)},
    )
    for texts in table.values()
    for text in texts
}
"""The constructs of the whole grammar that templates are made of."""


@dataclass(frozen=True)
class TemplateScope(Scope):
    """The variables in scope, and the fields (name, kind) of `self` and `$`."""

    own: tuple[tuple[str, str], ...] = ()
    root: tuple[tuple[str, str], ...] = ()


class TemplateWriter(ComparisonWriter):
    """Draws one template."""

    kinds = KINDS

    def expression(self, kind, scope, depth):
        if self.chance(150):
            kind = self.pick(KINDS)
        candidates = [n for n, k in scope.variables if k == kind]
        candidates += [f"self.{n}" for n, k in scope.own if k == kind]
        candidates += [f"$.{n}" for n, k in scope.root if k == kind]
        if candidates and self.chance(3):
            return self.pick(candidates)
        if depth <= 0:
            return self.leaf(kind, scope)
        form = self.pick(("own", "own", "call", "call", "common", "leaf", "comparison"))
        return getattr(self, kind if form == "own" else form)(
            *(() if form == "own" else (kind,)), scope, depth - 1
        )

    def leaf(self, kind, scope, depth=0):
        if self.chance(200):
            return self.pick(("null", "error 'no'"))
        if self.chance(2):
            return self.fill(self.pick(DRAWS[kind]), scope, depth - 1)
        return {
            "number": lambda: self.pick(NUMBERS),
            "string": lambda: self.pick(STRINGS),
            "boolean": lambda: self.pick(("true", "false")),
            "array": lambda: self.pick(("[]", "[1, 2, 3]", "['a', 'b']")),
            "object": lambda: self.pick(("{ a: 1 }", "{ a: 1, b:: 2 }", "{ a: 'x', b: 2 }")),
        }[kind]()

    def call(self, kind, scope, depth):
        return self.fill(self.pick(CALLS[kind]), scope, depth)

    def fill(self, text, scope, depth):
        """Replaces every placeholder in `text` by a new expression."""
        parts = {"{number}": "number", "{string}": "string", "{array}": "array"}
        parts |= {"{object}": "object", "{boolean}": "boolean"}
        for placeholder, kind in parts.items():
            while placeholder in text:
                text = text.replace(placeholder, self.expression(kind, scope, depth - 1), 1)
        while "{any}" in text:
            text = text.replace("{any}", self.any(scope, depth - 1), 1)
        while "{scalar}" in text:
            kind = self.pick(("number", "string", "boolean"))
            text = text.replace("{scalar}", self.expression(kind, scope, depth - 1), 1)
        for placeholder, kind in (("{numbers}", "number"), ("{strings}", "string")):
            while placeholder in text:
                text = text.replace(placeholder, self.list_of(kind, scope, depth - 1), 1)
        return text.replace("{{", "{").replace("}}", "}") if text.count("{{") else text

    def list_of(self, kind, scope, depth):
        """A list whose elements have one kind."""
        if self.chance(2):
            items = ", ".join(self.expression(kind, scope, depth) for _ in range(2))
            return f"[{items}]"
        name = scope.name()
        inner = scope.bind((name, "number"))
        body = self.expression(kind, inner, depth)
        condition = f" if {self.boolean(inner, 0)}" if self.chance(4) else ""
        return f"[{body} for {name} in std.range(1, get_integer(0, 4)){condition}]"

    def common(self, kind, scope, depth):
        form = self.pick(
            (
                "if",
                "if",
                "local",
                "function",
                "object",
                "mixin",
                "rare",
                "dictionary",
                "chosen",
                "chain",
            )
        )
        if form == "if":
            condition = self.expression("boolean", scope, depth)
            sides = [self.expression(kind, scope, depth) for _ in range(2)]
            return f"(if {condition} then {sides[0]} else {sides[1]})"
        if form == "local":
            name, k = scope.name(), self.pick(KINDS)
            bound = self.expression(k, scope, depth)
            return (
                f"(local {name} = {bound}; {self.expression(kind, scope.bind((name, k)), depth)})"
            )
        if form in {"function", "chosen", "chain"}:
            return getattr(self, form)(kind, scope, depth)
        if form == "object":
            return f"{{ a:: {self.expression(kind, scope, depth)}, b: self.a }}.b"
        if form == "mixin":
            value, over = (self.expression(kind, scope, depth) for _ in range(2))
            return f"({{ a: {value}, b: self.a }} + {{ a: {over}, c: super.a }}).{self.pick('abc')}"
        if form == "rare":
            value = self.expression(kind, scope, depth)
            check = "get_integer(1, 40) > 1"
            return self.pick(
                (
                    f"(if {check} then {value} else error 'rare')",
                    f"(assert {check} : 'rare'; {value})",
                )
            )
        sides = [self.expression(kind, scope, depth) for _ in range(2)]
        return f"{{ a: {sides[0]}, b: {sides[1]} }}[get_one_of('a, b')]"

    def function(self, kind, scope, depth):
        name, first, second = scope.name(), scope.name(), scope.name()
        k = self.pick(("number", "string"))
        body = self.expression(kind, scope.bind((first, k), (second, k)), depth)
        default = self.pick((self.expression(k, scope, depth - 1), first))
        one, two = (self.expression(k, scope, depth - 1) for _ in range(2))
        call = self.pick(
            (f"{name}({one})", f"{name}({one}, {second}={two})", f"{name}({one}, {two})")
        )
        head = f"local {name}({first}, {second}={default}) = {body}"
        if kind == "number" and self.chance(2):
            return f"({head}; {call} + {name}({two}))"
        return f"({head}; {call})"

    def chosen(self, kind, scope, depth):
        """A call of a function that a pick or a condition chooses."""
        functions = self.functions(("a", "b"), kind, scope, depth)
        given = self.any(scope, depth - 1)
        if self.chance(3):
            condition = self.expression("boolean", scope, depth - 1)
            return f"(local f = {functions}; (if {condition} then f.a else f.b)({given}))"
        return f"{functions}[get_one_of('a, b')]({given})"

    def functions(self, names, kind, scope, depth, parameter=None):
        """An object of functions with one parameter."""
        parameter = parameter or (scope.name(), self.pick(KINDS))
        inner = scope.bind(parameter)
        bodies = [self.expression(kind, inner, depth - 1) for _ in names]
        if self.chance(6):
            bodies[0] = parameter[0]
        fields = [f"{n}: function({parameter[0]}) {b}" for n, b in zip(names, bodies, strict=True)]
        return f"{{ {', '.join(fields)} }}"

    def chain(self, kind, scope, depth):
        """A value of the steps of a path."""
        path, step = scope.name(), scope.name()
        head = f"local {path} = {self.pick(CHAINS).format(states=self.pick(STATES))}"
        change = f"if {step}.step > 1 then t else t + {step}.state"
        start = self.expression("string", scope, depth - 1)
        kept = f"std.foldl(function(t, {step}) {change}, {path}, {start})"
        counted = f"{{ a: t.a + {step}.step, b: {step}.state, c: [t.b, {start}] }}"
        folded = f"std.foldl(function(t, {step}) {counted}, {path}, {{ a: 0, b: null, c: 1 }})"
        steps = self.steps(path, step, scope, depth)
        forms = {
            "number": (
                f"{path}[0].dwell", f"{path}[std.length({path}) - 1].after", f"std.length({path})",
                f"std.foldl(function(t, {step}) t + {step}.dwell, {path}, 0)",
                f"std.sum([{step}.step for {step} in {path}])",
                f"std.length(std.filter(function({step}) {step}.state == 'b', {path}))",
            ),
            "string": (
                f"{path}[std.length({path}) - 1].state", f"{path}[1].state",
                f"std.foldl(function(t, {step}) {step}.state, {path}, '-')",
                kept,
                f"std.join('', [{step}.state for {step} in {path}])",
            ),
            "boolean": (f"{path}[0].after < {self.expression('number', scope, depth - 1)}",),
            "object": (folded, f"{path}[0]", f"{{ a: {path}[0].state, b: {path} }}"),
            "array": (path, steps, steps),
        }  # fmt: skip
        return f"({head}; {self.pick(forms[kind])})"

    def steps(self, path, step, scope, depth):
        """A comprehension over a path, perhaps with a function that the state chooses."""
        own = scope.bind((f"{step}.state", "string"), (f"{step}.after", "number"))
        body = self.any(own, depth - 1)
        if self.chance(2):
            parameter = (scope.name(), "object")
            functions = self.functions(("a", "b", "c"), self.pick(KINDS), scope, depth, parameter)
            body = f"{functions}[{step}.state]({step})"
        condition = f" if {step}.state != 'b'" if self.chance(4) else ""
        return f"[{body} for {step} in {path}{condition}]"

    def number(self, scope, depth):
        left, right = (self.expression("number", scope, depth) for _ in range(2))
        operator = self.pick(("+", "+", "-", "*", "/", "%"))
        return self.pick(
            (f"({left} {operator} {right})", f"({left} {operator} {right})", f"(-{left})")
        )

    def string(self, scope, depth):
        text = self.expression("string", scope, depth)
        other = self.expression(self.pick(("string", "number", "boolean")), scope, depth)
        return self.pick((f"({text} + {other})", f"({other} + {text})"))

    def boolean(self, scope, depth):
        form = self.pick(("compare", "equal", "logic", "not"))
        kind = self.pick(("number", "string"))
        if form == "logic":
            left, right = (self.expression("boolean", scope, depth) for _ in range(2))
            return f"({left} {self.pick(('&&', '||'))} {right})"
        if form == "not":
            return f"(!{self.expression('boolean', scope, depth)})"
        operators = ("<", "<=", ">", ">=") if form == "compare" else ("==", "!=")
        left, right = (self.expression(kind, scope, depth - 1) for _ in range(2))
        return f"({left} {self.pick(operators)} {right})"

    def array(self, scope, depth):
        form = self.pick(("literal", "comprehension", "plus", "paired_lists", "paired_lists"))
        if form == "paired_lists":
            return self.paired_lists(scope, depth - 1)
        if form == "literal":
            return f"[{', '.join(self.any(scope, depth) for _ in range(2))}]"
        if form == "plus":
            return f"({self.expression('array', scope, depth)} + [{self.any(scope, depth)}])"
        name = scope.name()
        length = self.pick(("get_integer(0, 3)", "3", self.expression("number", scope, 0) + " % 4"))
        inner, clauses = scope.bind((name, "number")), ""
        if self.chance(4):
            clauses += f" if {self.expression('boolean', inner, depth - 1)}"
        if self.chance(4):
            second = inner.name()
            clauses += (
                f" for {second} in std.range(1, {self.pick((name, '2', 'get_integer(0, 2)'))})"
            )
            inner = inner.bind((second, "number"))
        source = self.pick((f"std.range(1, {length})",) * 3 + ("get_one_of([[1], [2, 3], []])",))
        return f"[{self.any(inner, depth - 1)} for {name} in {source}{clauses}]"

    def paired_lists(self, scope, depth):
        """Two lists: each element of the second reads an element of the first.

        Both lists may have the same lengths, and therefore the same rows.
        """
        count, base, index = (scope.name() for _ in range(3))
        inner = scope.bind((count, "number"), (index, "number"))
        element, kind = self.element(inner, count, depth)
        condition = f" if {self.boolean(scope, 0)}" if self.chance(4) else ""
        first = self.pick(
            (f"std.makeArray({count}, function({index}) {element})",
             f"[{element} for {index} in std.range(1, {count}){condition}]")
        )  # fmt: skip
        at = self.pick(INDEXES).format(index=index, base=base)
        read, other = (self.read(f"{base}[{at}]", kind) for _ in range(2))
        read = f"(if std.length({base}) > 0 then {read} else 'none')"
        then, otherwise = self.pick((read, "null")), self.pick((other, read))
        guarded = f"(if {CHECKS[kind]} then {then} else {otherwise})"
        second = self.pick(
            (f"std.makeArray({count}, function({index}) {read})",
             f"[{read} for {index} in std.range(1, {count})]",
             f"std.mapWithIndex(function({index}, e) {self.pick((read, guarded))}, {base})")
        )  # fmt: skip
        return f"(local {count} = get_integer(1, 3), {base} = {first}; {second})"

    def element(self, scope, count, depth):
        """The text and kind of an element; its value may be nested in a list or an object."""
        kind, name = self.pick(KINDS), scope.name()
        value = self.expression(kind, scope, depth)
        form = self.pick(("plain", "list", "object"))
        if form == "plain":
            return value, kind
        if form == "list":
            length = self.pick((count, "get_integer(0, 2)"))
            return f"(local {name} = {value}; [{name} for j in std.range(1, {length})])", "array"
        label = self.pick(("a", f"[if {self.boolean(scope, 0)} then 'a']"))
        fields = f"{label}: {name}, b: [self.c, {self.any(scope, 0)}], c: {name}"
        fields = self.pick((fields, f"{label}: {name}", f"{label}:: {name}"))
        if self.chance(8):
            fields += ", assert get_integer(1, 30) > 1 : 'kept'"
        return f"(local {name} = {value}; {{ {fields} }})", "object"

    def read(self, value, kind):
        """An expression that reads the element `value`."""
        forms = {
            "array": (f"(if {value} != [] then {value}[0] else 0)", f"std.length({value})"),
            "object": (f"std.get({value}, 'a', 0)", f"std.get({value}, 'b', 0)"),
        }
        return self.pick((value, f"[{value}]", f"std.toString({value})", *forms.get(kind, ())))

    def object(self, scope, depth):
        form = self.pick(("members", "members", "plus", "comprehension"))
        if form == "plus":
            base = self.members(scope, depth)
            return f"({base} + {{ a+: {self.expression('number', scope, depth - 1)} }})"
        if form == "comprehension":
            name = scope.name()
            inner = scope.bind((name, "string"))
            body, source = self.any(inner, depth - 1), self.pick(NAMES)
            condition = f" if {self.boolean(inner, 0)}" if self.chance(4) else ""
            return f"{{ [{name}]: {body} for {name} in {source}{condition} }}"
        return self.members(scope, depth)

    def members(self, scope, depth, *, top=False):
        count = self.random.randint(1, 4)
        kinds = [(name, self.pick(KINDS)) for name in FIELDS[:count]]
        outer, own, parts = scope, (), []
        if self.chance(3):
            name, kind = scope.name(), self.pick(KINDS)
            parts.append(f"local {name} = {self.expression(kind, scope, depth - 1)}")
            scope = scope.bind((name, kind))
        for name, kind in kinds:
            inner = replace(scope, own=own, root=own if top else scope.root)
            compares = top and self.chance(2)
            write = self.comparison if compares else self.expression
            value = write(kind, inner, depth)
            label, separator = name, self.pick((":", ":", ":", ":", "::", ":::"))
            if self.chance(8):
                label = self.computed(name, outer, depth)
            else:
                own += ((name, kind),)
            parts.append(f"{label}{separator} {value}")
        if self.chance(30):
            parts.append("assert get_integer(1, 30) > 1 : 'kept'")
        return "{ " + ", ".join(parts) + " }"

    def computed(self, name, scope, depth):
        condition = self.expression("boolean", scope, depth - 1)
        return self.pick(
            (f"[if {condition} then '{name}']", f"[if {condition} then '{name}' else null]",
             f"[get_one_of('{name}1, {name}2')]", f"['{name}' + 'x']")
        )  # fmt: skip


@dataclass(frozen=True)
class RandomTemplate:
    """Source text of an event template, and the constructs of `CONSTRUCTS` and others in it."""

    text: str
    constructs: frozenset[str]


def templates(depth=4):
    """Random templates."""
    return RANDOMS.map(lambda random: random_template(random, depth))


def random_template(random, depth=4):
    """A template made of random constructs."""
    writer, scope, head = TemplateWriter(random), TemplateScope(), ""
    for _ in range(random.randint(0, 2)):
        name, kind = scope.name(), writer.pick(KINDS)
        head += f"local {name} = {writer.expression(kind, scope, 2)};\n"
        scope = scope.bind((name, kind))
    if writer.chance(6):
        head += "local outer = std.extVar('given');\n"
        scope = scope.bind(("outer", "string"))
    members = writer.members(scope, random.randint(1, depth), top=True)
    body = head + members
    return RandomTemplate(with_prelude(body), frozenset(writer.picked))


def with_prelude(body):
    """The text with the locals that it needs."""
    return "".join(local for use, local in PRELUDE.items() if use in body) + body
