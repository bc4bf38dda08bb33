"""The list of functions for templates, found by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from eventer.core.errors import NotFoundError
from eventer.core.model import JsonValue
from eventer.core.suggestions import did_you_mean
from eventer.functions.addresses import GET_ADDRESS
from eventer.functions.booleans import GET_BOOLEAN
from eventer.functions.chains import GET_CHAIN
from eventer.functions.choices import GET_ONE_OF
from eventer.functions.companies import GET_COMPANY, GET_JOB
from eventer.functions.distributions_continuous import CONTINUOUS
from eventer.functions.distributions_discrete import DISCRETE
from eventer.functions.metadata import GET_DATASET, GET_INSTANCE_ID
from eventer.functions.numbers import GET_INTEGER, GET_NUMBER
from eventer.functions.patterns import GET_PATTERN
from eventer.functions.people import GET_PERSON
from eventer.functions.rand_data.get_rand_data import GET_RAND_DATA
from eventer.functions.references import GET_EVENT_OF
from eventer.functions.rows import GET_ROW
from eventer.functions.scheduled_time import GET_DURATION, GET_EPOCH, GET_NOW
from eventer.functions.selections import GET_SHUFFLED, GET_SOME_OF
from eventer.functions.sequences import GET_CYCLE, GET_INDEX, GET_SEQUENCE
from eventer.functions.series import SERIES
from eventer.functions.spec import FieldType, FunctionSpec, Parameter
from eventer.functions.things import GET_DEVICE, GET_PRODUCT
from eventer.functions.timestamps import GET_TIMESTAMP
from eventer.functions.unique_integers import GET_UNIQUE_INTEGER
from eventer.functions.user_agents import GET_RAND_USER_AGENT
from eventer.functions.uuids import GET_UUID, GET_UUID7
from eventer.functions.words import GET_SENTENCES, GET_WORDS


class Catalog:
    """Looks functions up."""

    def __init__(self, functions: Sequence[FunctionSpec]) -> None:
        self._by_name = {spec.name: spec for spec in functions}

    def names(self) -> tuple[str, ...]:
        """All names, in the order of registration."""
        return tuple(self._by_name)

    def find(self, name: str) -> FunctionSpec | None:
        """The function of a name, or None."""
        return self._by_name.get(name)

    def get(self, name: str) -> FunctionSpec:
        """The function of a name.

        Raises:
            NotFoundError: the name is unknown; the hint suggests the nearest name.
        """
        spec = self.find(name)
        if spec is None:
            hint = did_you_mean(name, self._by_name)
            raise NotFoundError(f"there is no function {name!r}", hint=hint)
        return spec

    def describe(self) -> JsonValue:
        """All functions as a JSON value, for `GET /functions` and `eventer functions`."""
        return [_describe(spec) for spec in self._by_name.values()]


def _describe(spec: FunctionSpec) -> JsonValue:
    shown = [_describe_field(field) for field in spec.fields.values() if not field.hidden]
    return {
        "name": spec.name,
        "signature": spec.signature,
        "description": spec.doc,
        "parameters": [_describe_parameter(p) for p in spec.parameters],
        "returns": spec.return_type.value,
        "random": spec.is_random,
        "examples": list(spec.examples),
        **({"fields": shown} if shown else {}),
    }


def _describe_parameter(parameter: Parameter) -> JsonValue:
    described: dict[str, JsonValue] = {
        "name": parameter.name,
        "type": parameter.type,
        "description": parameter.doc,
        "optional": parameter.optional,
    }
    if parameter.default is None or isinstance(parameter.default, bool | int | float | str):
        described["default"] = parameter.default
    return described


def _describe_field(field: FieldType) -> JsonValue:
    return {"name": field.name, "type": field.return_type.value, "description": field.doc}


CATALOG: Final = Catalog(
    (
        GET_DATASET,
        GET_INSTANCE_ID,
        GET_ONE_OF,
        GET_SOME_OF,
        GET_SHUFFLED,
        GET_BOOLEAN,
        GET_INDEX,
        GET_SEQUENCE,
        GET_CYCLE,
        GET_UNIQUE_INTEGER,
        GET_EVENT_OF,
        GET_UUID,
        GET_UUID7,
        GET_NOW,
        GET_EPOCH,
        GET_DURATION,
        GET_TIMESTAMP,
        GET_INTEGER,
        GET_NUMBER,
        GET_RAND_DATA,
        GET_RAND_USER_AGENT,
        GET_PATTERN,
        GET_WORDS,
        GET_SENTENCES,
        GET_PERSON,
        GET_ADDRESS,
        GET_COMPANY,
        GET_JOB,
        GET_PRODUCT,
        GET_DEVICE,
        GET_ROW,
        *CONTINUOUS,
        *DISCRETE,
        *SERIES,
        GET_CHAIN,
    )
)
