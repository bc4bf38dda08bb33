"""`get_rand_user_agent`: the user agent of a browser, weighted by the data file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from eventer.core.model import JsonValue
from eventer.functions import data_files
from eventer.functions.columns import Column, DictionaryColumn
from eventer.functions.spec import BatchContext, BoundCall, FunctionSpec, ReturnType
from eventer.kernels import draw


@dataclass(frozen=True, slots=True)
class UserAgent(BoundCall):
    """A weighted choice of an entry."""

    def column(self, key: draw.Key, context: BatchContext) -> Column:
        """See `BoundCall.column`."""
        entries, table = data_files.weighted("user_agents")
        return DictionaryColumn(
            table[draw.integer_column(key, context.index, 0, len(table) - 1)], entries
        )


def _bind(_: Sequence[JsonValue]) -> BoundCall:
    return UserAgent()


GET_RAND_USER_AGENT: Final = FunctionSpec(
    name="get_rand_user_agent",
    parameters=(),
    return_type=ReturnType.TEXT,
    doc="The user agent of a browser, phones and desktops as frequent as they are in traffic.",
    examples=("get_rand_user_agent()",),
    bind=_bind,
)
