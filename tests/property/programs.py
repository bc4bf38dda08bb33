"""Random Jsonnet programs that cover the whole language; most are well-typed.

`programs()` draws source text. The method for a kind (`number`, `string`, …) draws an expression
whose value usually has that kind; some have another kind, so that errors occur too. The scope
records the kind of each variable.
"""

from dataclasses import dataclass, replace

from tests.property.source_writer import RANDOMS, Scope, Writer

KINDS = ("number", "string", "boolean", "array", "object")
NUMBERS = (
    "0",
    "1",
    "2",
    "3",
    "-1",
    "0.5",
    "10",
    "1e3",
    "1.5",
    "255",
    "1_000",
    "-0",
    "7",
    "1e15",
    "2.675",
)
STRINGS = (
    "''", '"a"', "'b'", '"abc"', "'é'", '"\\n\\t"', "@'c\\d'", '"x y"', "'\\u00e9'", '"😀"', "'10'",
    "'0x1F'", "'a,b,c'", "|||\n  text\n|||", "'%'", '"A"',
)  # fmt: skip
FIELDS = ("a", "b", "c", "d", "x")
NUMBER_CALLS = (
    "std.length({string})", "std.length({array})", "std.length({object})", "std.abs({number})",
    "std.max({number}, {number})", "std.min({number}, {number})", "std.floor({number})",
    "std.ceil({number})", "std.round({number})", "std.clamp({number}, {number}, {number})",
    "std.sign({number})", "std.sqrt(std.abs({number}))", "std.mod({number}, {number})",
    "std.count({array}, {any})", "std.codepoint({string})", "std.parseInt({string})",
    "std.foldl(function(t, e) t + 1, {array}, 0)", "std.sum([{number}, {number}])",
    "std.pow({number}, 2)", "std.hypot({number}, {number})",
)  # fmt: skip
STRING_CALLS = (
    "std.toString({any})", "std.type({any})", "std.asciiUpper({string})", "std.char({number})",
    "std.substr({string}, {number}, {number})", "std.join({string}, [{string}, {string}])",
    "std.strReplace({string}, {string}, {string})", "std.manifestJsonMinified({any})",
    "std.escapeStringJson({string})", "std.md5({string})", "std.base64({string})",
    "std.stripChars({string}, {string})", "std.format('%s|%s', [{any}, {any}])",
    "'%d %05.2f' % [{number}, {number}]", "'%(a)s' % {object}", "'%s' % {any}", "'%x' % {number}",
    "std.lstripChars({string}, 'a')", "std.manifestYamlDoc({any})", "std.trim({string})",
    "std.manifestPython({any})", "std.manifestJsonEx({any}, '  ')", "std.repeat({string}, 2)",
)  # fmt: skip
BOOLEAN_CALLS = (
    "std.isString({any})", "std.isNumber({any})", "std.isArray({any})", "std.isObject({any})",
    "std.startsWith({string}, {string})", "std.endsWith({string}, {string})",
    "std.objectHas({object}, {string})", "std.member({array}, {any})", "std.isEven({number})",
    "std.equals({any}, {any})", "std.all([{boolean}, {boolean}])", "std.any([{boolean}])",
    "std.xor({boolean}, {boolean})", "std.objectHasAll({object}, {string})",
    "std.isEmpty({string})",
)  # fmt: skip
ARRAY_CALLS = (
    "std.range(0, 3)", "std.makeArray(3, function(i) i)", "std.reverse({array})",
    "std.map(function(e) [e], {array})", "std.filter(function(e) std.isNumber(e), {array})",
    "std.objectFields({object})", "std.objectValues({object})", "std.split({string}, ',')",
    "std.stringChars({string})", "std.sort([{number}, {number}, {number}])",
    "std.uniq([{number}, {number}])", "std.set([{string}, {string}, {string}])",
    "std.flattenArrays([{array}, {array}])", "std.mapWithIndex(function(i, e) i, {array})",
    "std.flatMap(function(e) [e, e], {array})", "std.prune({array})", "std.slice({array}, 0, 2, 1)",
    "std.repeat({array}, 2)", "std.setUnion(std.set([{number}]), std.set([{number}]))",
    "std.sort({array})", "std.removeAt({array}, 0)", "std.find({any}, {array})",
    "std.encodeUTF8({string})", "std.filterMap(function(e) true, function(e) e, {array})",
    "std.objectKeysValues({object})", "std.foldr(function(e, t) [e] + t, {array}, [])",
)  # fmt: skip
OBJECT_CALLS = (
    "std.mapWithKey(function(k, v) [k, v], {object})", "std.mergePatch({object}, {object})",
    "std.prune({object})", "std.parseJson('{{\"a\": 1}}')", "std.objectRemoveKey({object}, 'a')",
)  # fmt: skip
CALLS = {
    "number": NUMBER_CALLS,
    "string": STRING_CALLS,
    "boolean": BOOLEAN_CALLS,
    "array": ARRAY_CALLS,
    "object": OBJECT_CALLS,
}


@dataclass(frozen=True)
class ProgramScope(Scope):
    """The variables in scope, and whether `self` exists."""

    in_object: bool = False


class ProgramWriter(Writer):
    """Draws one program."""

    kinds = KINDS

    def expression(self, kind, scope, depth):
        if self.chance(25):
            kind = self.pick(KINDS)
        if depth <= 0 or self.chance(6):
            return self.leaf(kind, scope)
        form = self.pick(("own", "own", "own", "call", "common"))
        if form == "call":
            return self.call(kind, scope, depth)
        if form == "common":
            return self.common(kind, scope, depth)
        return getattr(self, kind)(scope, depth - 1)

    def leaf(self, kind, scope):
        candidates = [name for name, k in scope.variables if k == kind]
        if candidates and self.chance(2):
            return self.pick(candidates)
        if self.chance(30):
            return self.pick(("null", "error 'no'", "self.a" if scope.in_object else "null"))
        return {
            "number": lambda: self.pick(NUMBERS),
            "string": lambda: self.pick(STRINGS),
            "boolean": lambda: self.pick(("true", "false")),
            "array": lambda: self.pick(("[]", "[1, 2, 3]", "['a', 'b']", "[null]")),
            "object": lambda: self.pick(("{}", "{ a: 1 }", "{ a: 1, b:: 2 }", "{ 'x': 'y' }")),
        }[kind]()

    def call(self, kind, scope, depth):
        template = self.pick(CALLS[kind])
        parts = {k: self.expression(k, scope, depth - 2) for k in KINDS}
        parts["any"] = self.any(scope, depth - 2)
        return template.format(**parts)

    def common(self, kind, scope, depth):
        form = self.pick(
            ("if", "local", "function", "apply", "index", "parens", "assert", "field", "comment")
        )
        inner = depth - 1
        if form == "if":
            condition = self.expression("boolean", scope, inner)
            then = self.expression(kind, scope, inner)
            otherwise = "" if self.chance(8) else f" else {self.expression(kind, scope, inner)}"
            return f"(if {condition} then {then}{otherwise})"
        if form == "local":
            return self.local(kind, scope, inner)
        if form == "function":
            return self.function(kind, scope, inner)
        if form == "apply":
            param, k = scope.name(), self.pick(KINDS)
            body = self.expression(kind, scope.bind((param, k)), inner)
            return f"(function({param}) {body})({self.expression(k, scope, inner)})"
        if form == "index":
            index = self.pick(("0", "1", "2"))
            items = ", ".join(self.expression(kind, scope, inner) for _ in range(2))
            return f"[{items}][{index}]"
        if form == "assert":
            condition = self.expression("boolean", scope, inner)
            return f"(assert {condition} : 'failed'; {self.expression(kind, scope, inner)})"
        if form == "field":
            name = self.pick(FIELDS)
            value = self.expression(kind, replace(scope, in_object=True), inner)
            return f"{{ {name}: {value} }}.{name}"
        if form == "comment":
            return f"/* c */ ({self.expression(kind, scope, inner)}) # c\n"
        return f"({self.expression(kind, scope, inner)})"

    def local(self, kind, scope, depth):
        names = [(scope.name(), self.pick(KINDS)) for _ in range(self.random.randint(1, 3))]
        inner = scope.bind(*names)
        earlier, binds = scope, []
        for name, k in names:
            visible = inner if self.chance(12) else earlier
            binds.append(f"{name} = {self.expression(k, visible, depth)}")
            earlier = earlier.bind((name, k))
        return f"(local {', '.join(binds)}; {self.expression(kind, inner, depth)})"

    def function(self, kind, scope, depth):
        name, first, second = scope.name(), scope.name(), scope.name()
        k = self.pick(KINDS)
        body = self.expression(kind, scope.bind((first, k), (second, k)), depth)
        default = self.pick((self.expression(k, scope, depth - 1), first))
        argument = self.expression(k, scope, depth - 1)
        call = self.pick(
            (f"{name}({argument})", f"{name}({argument}, {argument})",
             f"{name}({argument}, {second}={argument})", f"{name}({argument}) tailstrict",
             f"{name}({second}={argument})")
        )  # fmt: skip
        return f"(local {name}({first}, {second}={default}) = {body}; {call})"

    def number(self, scope, depth):
        form = self.pick(("binary", "binary", "unary", "bits"))
        left, right = (self.expression("number", scope, depth) for _ in range(2))
        if form == "unary":
            return f"({self.pick(('-', '+', '~'))}{left})"
        operators = ("&", "|", "^", "<<", ">>") if form == "bits" else ("+", "-", "*", "/", "%")
        return f"({left} {self.pick(operators)} {right})"

    def string(self, scope, depth):
        form = self.pick(("plus", "mixed", "index", "slice"))
        text = self.expression("string", scope, depth)
        if form == "plus":
            return f"({text} + {self.expression('string', scope, depth)})"
        if form == "mixed":
            other = self.any(scope, depth)
            return f"({text} + {other})" if self.chance(2) else f"({other} + {text})"
        if form == "index":
            return f"{text}[{self.pick(('0', '1', '2'))}]"
        return f"({text})[{self.pick((':2', '1:', '::2', '-2:', '0:3:2', ':'))}]"

    def boolean(self, scope, depth):
        form = self.pick(("compare", "equal", "logic", "not", "in"))
        if form == "compare":
            kind = self.pick(("number", "string", "array"))
            left, right = (self.expression(kind, scope, depth) for _ in range(2))
            return f"({left} {self.pick(('<', '<=', '>', '>='))} {right})"
        if form == "equal":
            return f"({self.any(scope, depth)} {self.pick(('==', '!='))} {self.any(scope, depth)})"
        if form == "logic":
            left, right = (self.expression("boolean", scope, depth) for _ in range(2))
            return f"({left} {self.pick(('&&', '||'))} {right})"
        if form == "not":
            return f"(!{self.expression('boolean', scope, depth)})"
        return f"('{self.pick(FIELDS)}' in {self.expression('object', scope, depth)})"

    def array(self, scope, depth):
        form = self.pick(("literal", "plus", "comprehension", "slice"))
        if form == "plus":
            left, right = (self.expression("array", scope, depth) for _ in range(2))
            return f"({left} + {right})"
        if form == "slice":
            source = self.expression("array", scope, depth)
            return f"({source})[{self.pick((':2', '1:', '::2', '-2:', '0:1'))}]"
        if form == "literal":
            count = self.random.randint(0, 3)
            return f"[{', '.join(self.any(scope, depth) for _ in range(count))}]"
        return self.comprehension(scope, depth)

    def comprehension(self, scope, depth):
        name, specs = scope.name(), []
        specs.append(f"for {name} in {self.expression('array', scope, depth)}")
        inner = scope.bind((name, self.pick(KINDS)))
        if self.chance(3):
            specs.append(f"if {self.expression('boolean', inner, depth - 1)}")
        if self.chance(4):
            second = inner.name()
            specs.append(f"for {second} in {self.expression('array', inner, depth - 1)}")
            inner = inner.bind((second, self.pick(KINDS)))
        return f"[{self.any(inner, depth - 1)} {' '.join(specs)}]"

    def object(self, scope, depth):
        form = self.pick(("literal", "literal", "plus", "extend", "comprehension"))
        if form == "plus":
            return f"({self.members(scope, depth)} + {self.members(scope, depth, inherits=True)})"
        if form == "extend":
            base = self.expression("object", scope, depth)
            return f"({base} {self.members(scope, depth, inherits=True)})"
        if form == "comprehension":
            name = scope.name()
            body = self.any(replace(scope.bind((name, "string")), in_object=True), depth - 1)
            names = self.pick(("['a', 'b']", "['a', 'b', 'c']", "[]", "['x', 'x']"))
            return f"{{ [{name}]: {body} for {name} in {names} }}"
        return self.members(scope, depth)

    def members(self, scope, depth, *, inherits=False):
        inner = replace(scope, in_object=True)
        parts = []
        if self.chance(4):
            name, kind = scope.name(), self.pick(KINDS)
            parts.append(f"local {name} = {self.expression(kind, inner, depth - 1)}")
            inner = inner.bind((name, kind))
        names = self.random.sample(FIELDS, self.random.randint(0, 3))
        parts += [self.member(name, scope, inner, depth, inherits=inherits) for name in names]
        if self.chance(15):
            parts.append(f"assert {self.expression('boolean', inner, depth - 1)} : 'kept'")
        return "{ " + ", ".join(parts) + " }"

    def member(self, name, outer, inner, depth, *, inherits):
        separator = self.pick((":", ":", ":", ":", "::", ":::", "+:", "+:", "+::"))
        value = self.any(inner, depth - 1)
        if self.chance(5):
            other = self.pick(FIELDS)
            value = self.pick((f"self.{other}", f"$.{other}", f"self['{other}']"))
        if inherits and self.chance(4):
            value = self.pick((f"super.{name}", f"super.{name} + 1", f"'{name}' in super"))
        label = name
        if self.chance(6):
            condition = self.expression("boolean", outer, depth - 2)
            label = self.pick((f"['{name}']", f"[if {condition} then '{name}']", f"'{name}'"))
        if self.chance(12):
            param = outer.name()
            return f"{name}({param}={value}):: {param}"
        return f"{label}{separator} {value}"


def programs(depth=5):
    """Source text of a program."""
    return RANDOMS.map(lambda random: random_program(random, depth))


def random_program(random, depth=5):
    """A program made of random constructs."""
    writer = ProgramWriter(random)
    return writer.any(ProgramScope(), random.randint(2, depth))
