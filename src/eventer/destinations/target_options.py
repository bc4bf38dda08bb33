"""The options of targets in requests: what all kinds share."""

from __future__ import annotations

from abc import abstractmethod

from eventer.core.model import ServiceTarget
from eventer.core.request_fields import RequestModel


class TargetOptions(RequestModel):
    """The options of a target. A source names a field of the event or a JSON pointer."""

    @abstractmethod
    def target(self) -> ServiceTarget:
        """The target as the service takes it."""
