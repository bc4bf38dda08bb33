"""Random templates of timelines; some of their rows raise or have a malformed step."""

from hypothesis import strategies as st

from tests.property.templates import KINDS, PRELUDE, TemplateScope, TemplateWriter

AFTERS = (
    "0", "'5m'", "get_number(0, 100)", "get_duration('1ms', '30m')", "get_one_of('1s, 2m')",
    "get_one_of([5, '5m', 0.25])", "('%ds' % get_integer(0, 9))", "(if {boolean} then 1 else '1m')",
    "{number}", "std.abs({number})", "get_one_of([1, null])",
)  # fmt: skip
TOS = ("", "", "to: 'a'", "to: {string}", "[if {boolean} then 'to']: 'b'", "to: null", "to: {any}")


class TimelineWriter:
    """Writes timelines with the expressions of event templates."""

    def __init__(self, draw):
        self.writer = TemplateWriter(draw)

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
        return (
            f"[{', '.join(self.step(scope) for _ in range(self.writer.draw(st.integers(0, 3))))}]"
        )


@st.composite
def timeline_templates(draw):
    """Source text of a template whose value is a timeline."""
    written, scope, head = TimelineWriter(draw), TemplateScope(), ""
    for _ in range(draw(st.integers(0, 2))):
        name, kind = scope.name(), written.writer.pick(KINDS)
        head += f"local {name} = {written.writer.expression(kind, scope, 2)};\n"
        scope = scope.bind((name, kind))
    return PRELUDE + head + written.steps(scope)
