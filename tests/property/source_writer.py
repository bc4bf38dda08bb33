"""Base classes of the writers of random source text: scope and random choices.

A text is made from one seed of hypothesis, because hypothesis takes longer to make each choice than
the product takes to run the text. With SHRINK=1 it makes each choice and so finds a small text.
"""

import os
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

RANDOMS = st.randoms(use_true_random=os.environ.get("SHRINK") != "1")


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

    def __init__(self, random):
        self.random = random
        self.picked = set()
        """All texts that were picked."""

    def pick(self, options):
        option = self.random.choice(options)
        if isinstance(option, str):
            self.picked.add(option)
        return option

    def chance(self, one_in):
        return self.random.randrange(one_in) == 0

    def any(self, scope, depth):
        return self.expression(self.pick(self.kinds), scope, depth)

    @abstractmethod
    def expression(self, kind, scope, depth): ...
