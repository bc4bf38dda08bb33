"""Base classes of the writers of random source text: scope and random choices."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st


@dataclass(frozen=True)
class Scope:
    """The variables in scope as (name, kind); every new name is unique."""

    variables: tuple[tuple[str, str], ...] = ()
    counter: list[int] = field(default_factory=lambda: [0])

    def name(self):
        self.counter[0] += 1
        return f"v{self.counter[0]}"

    def bind(self, *pairs):
        return replace(self, variables=self.variables + pairs)


class Writer(ABC):
    """Draws source text: `expression` draws an expression of a kind, which is one of `kinds`."""

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
