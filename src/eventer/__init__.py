"""Eventer: streams of random, realistic events from Jsonnet templates.

    >>> import eventer
    >>> eventer.Template("{ id: std.native('get_index')() }", seed=7).events(2)
    [{'id': 0}, {'id': 1}]

`Template` generates events in this process, `run` delivers them, `Client` and `AsyncClient` call a
running service. All errors are `EventerError`s. Each name is imported when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eventer.core.errors import (
        BudgetError,
        BusyError,
        ConfigError,
        DestinationError,
        DestinationRejectedError,
        DestinationUnavailableError,
        EvaluationError,
        EventerError,
        NotFoundError,
        RequestError,
        ServiceProblemError,
        ServiceUnreachableError,
        TemplateError,
        TemplateStaticError,
        TemplateSyntaxError,
    )
    from eventer.library.async_client import AsyncClient
    from eventer.library.calls import CommittedEvent
    from eventer.library.client import Client
    from eventer.library.run import RunSummary, run
    from eventer.library.template import Template

__version__ = "0.1.0"

__all__ = [
    "AsyncClient",
    "BudgetError",
    "BusyError",
    "Client",
    "CommittedEvent",
    "ConfigError",
    "DestinationError",
    "DestinationRejectedError",
    "DestinationUnavailableError",
    "EvaluationError",
    "EventerError",
    "NotFoundError",
    "RequestError",
    "RunSummary",
    "ServiceProblemError",
    "ServiceUnreachableError",
    "Template",
    "TemplateError",
    "TemplateStaticError",
    "TemplateSyntaxError",
    "__version__",
    "run",
]

_MODULES = {
    "AsyncClient": "eventer.library.async_client",
    "Client": "eventer.library.client",
    "CommittedEvent": "eventer.library.calls",
    "RunSummary": "eventer.library.run",
    "Template": "eventer.library.template",
    "run": "eventer.library.run",
}


def __getattr__(name: str) -> Any:
    """Loads a public name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'eventer' has no attribute {name!r}")
    value = getattr(import_module(_MODULES.get(name, "eventer.core.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
