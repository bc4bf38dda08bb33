"""Random templates of timelines; some of their rows raise or have a malformed step."""

from tests.property.source_writer import RANDOMS
from tests.property.templates import KINDS, TemplateScope, TemplateWriter, with_prelude

AFTERS = (
    "0", "'5m'", "get_number(0, 100)", "get_duration('1ms', '30m')", "get_one_of('1s, 2m')",
    "get_one_of([5, '5m', 0.25])", "('%ds' % get_integer(0, 9))", "(if {boolean} then 1 else '1m')",
    "{number}", "std.abs({number})", "get_one_of([1, null])",
)  # fmt: skip
TOS = ("", "", "to: 'a'", "to: {string}", "[if {boolean} then 'to']: 'b'", "to: null", "to: {any}")


class TimelineWriter:
    """Writes timelines with the expressions of event templates."""

    def __init__(self, random):
        self.writer = TemplateWriter(random)

    def filled(self, form, scope):
        for kind in ("number", "string", "boolean"):
            while f"{{{kind}}}" in form:
                form = form.replace(f"{{{kind}}}", self.writer.expression(kind, scope, 1), 1)
        return form.replace("{any}", self.writer.any(scope, 1))

    def step(self, scope):
        writer = self.writer
        after = self.filled(writer.pick(AFTERS), scope)
        event = writer.pick((writer.members(scope, 2), writer.any(scope, 2)))
        to = self.filled(writer.pick(TOS), scope)
        extra = "[if get_integer(1, 9) == 1 then 'too']: 1" if writer.chance(12) else ""
        parts = [f"after: {after}", f"event: {event}", *filter(None, (to, extra))]
        return "{ " + ", ".join(parts) + " }"

    def steps(self, scope, depth=2):
        form = self.writer.pick(("array", "array", "list", "plus", "choice", "optional", "picked"))
        if form == "plus" and depth:
            return f"({self.steps(scope, depth - 1)} + {self.steps(scope, depth - 1)})"
        if form == "choice" and depth:
            condition = self.writer.expression("boolean", scope, 1)
            sides = [self.steps(scope, depth - 1) for _ in range(2)]
            return f"(if {condition} then {sides[0]} else {sides[1]})"
        if form == "list":
            name = scope.name()
            inner = scope.bind((name, "number"))
            return f"[{self.step(inner)} for {name} in std.range(1, get_integer(0, 3))]"
        if form == "optional":
            return f"[{self.step(scope)} for _ in [1, 2] if get_boolean()]"
        if form == "picked":
            return "get_one_of([[], [{ after: 1, event: {} }], [{ after: '2s', event: [1] }]])"
        steps = range(self.writer.random.randint(0, 3))
        return f"[{', '.join(self.step(scope) for _ in steps)}]"


def timeline_templates():
    """Source texts of templates whose values are timelines."""
    return RANDOMS.map(random_timeline_template)


def random_timeline_template(random):
    """A template of a timeline made of random constructs."""
    written, scope, head = TimelineWriter(random), TemplateScope(), ""
    for _ in range(random.randint(0, 2)):
        name, kind = scope.name(), written.writer.pick(KINDS)
        head += f"local {name} = {written.writer.expression(kind, scope, 2)};\n"
        scope = scope.bind((name, kind))
    return with_prelude(head + written.steps(scope))
