"""What writers of random source text share: names in scope with their kinds, and choices."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st


@dataclass(frozen=True)
class Scope:
    """The variables that an expression may name, by kind; names are never given twice."""

    variables: tuple[tuple[str, str], ...] = ()
    fresh: list[int] = field(default_factory=lambda: [0])

    def name(self):
        self.fresh[0] += 1
        return f"v{self.fresh[0]}"

    def bind(self, *pairs):
        return replace(self, variables=self.variables + pairs)


class Writer(ABC):
    """Draws one text: `expression` draws a part of a kind; `kinds` are those to choose from."""

    kinds: tuple[str, ...]

    def __init__(self, draw):
        self.draw = draw

    def pick(self, options):
        return self.draw(st.sampled_from(options))

    def chance(self, one_in):
        return self.draw(st.integers(1, one_in)) == 1

    def any(self, scope, depth):
        return self.expression(self.pick(self.kinds), scope, depth)

    @abstractmethod
    def expression(self, kind, scope, depth): ...
