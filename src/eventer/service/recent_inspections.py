"""Inspections that hold for all generators of a template, kept for the next ones."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, TypeVar

from eventer.core.clock import NS_PER_SECOND
from eventer.core.fault_rules import FaultRule
from eventer.core.model import KafkaTarget, ServiceTarget, Target, Template
from eventer.destinations.kind import destination_kind
from eventer.workers.inspector_messages import Inspection, InspectTemplate

MAX_INSPECTIONS: Final = 2_000
MAX_CHARACTERS: Final = 16 << 20
"""Most characters of the templates, with their variables and given schemas, that are kept."""
KEEP_NS: Final = 60 * NS_PER_SECOND
"""The first events may depend on the time, so their inspection is repeated after a minute."""

_T = TypeVar("_T")
_Key: TypeAlias = tuple[Template, tuple[Target, ...], tuple[FaultRule, ...]]


@dataclass(frozen=True, slots=True)
class _Kept:
    """The inspection that answers a request for these targets, and the time of the first events."""

    inspection: Inspection
    targets: tuple[Target, ...]
    at: int


class RecentInspections:
    """The last inspections that hold for all streams.

    Questions about other seeds, streams, datasets, instance ids, topics and tables of the same
    template have the same answer.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, _Kept] = OrderedDict()
        self._characters = 0

    def find(self, question: InspectTemplate) -> Inspection | None:
        """The inspection for a request, if it is known."""
        kept = self._kept.get(_key(question))
        if kept is None or question.timeline is not None or not _is_recent(kept, question.at):
            return None
        return _for_targets(kept, question.targets)

    def keep(self, question: InspectTemplate, inspection: Inspection) -> None:
        """Keeps the inspection for a request, if it holds for all streams."""
        if not inspection.holds_for_all_streams:
            return
        key = _key(question)
        if self._kept.pop(key, None) is None:
            self._characters += _characters(key)
        self._kept[key] = _Kept(inspection, question.targets, question.at)
        while len(self._kept) > MAX_INSPECTIONS or self._characters > MAX_CHARACTERS:
            oldest, _ = self._kept.popitem(last=False)
            self._characters -= _characters(oldest)


def _is_recent(kept: _Kept, at: int) -> bool:
    return 0 <= at - kept.at < KEEP_NS


def _key(question: InspectTemplate) -> _Key:
    template = question.event_source.template
    return template, tuple(map(_without_name, question.targets)), question.faults


def _characters(key: _Key) -> int:
    template, targets, _ = key
    given = [(e.schema, e.key_schema) for e in targets if isinstance(e, KafkaTarget)]
    schemas = sum(len(each) for pair in given for each in pair if isinstance(each, str))
    return len(template.text) + len(template.vars) + schemas


def _without_name(target: Target) -> Target:
    """A target without what does not matter for what is written there."""
    if not isinstance(target, ServiceTarget):
        return target
    unnamed: Target = destination_kind(target.kind).without_name(target)
    return unnamed


def _for_targets(kept: _Kept, targets: tuple[Target, ...]) -> Inspection:
    """An inspection with the names of other targets."""
    if kept.targets == targets:
        return kept.inspection
    new = dict(zip(kept.targets, targets, strict=True))

    def renamed(values: Mapping[Target, _T]) -> Mapping[Target, _T]:
        return {new[target]: value for target, value in values.items()}

    found = kept.inspection
    return replace(
        found,
        fault_errors=renamed(found.fault_errors),
        part_shapes=renamed(found.part_shapes),
        record_schemas=renamed(found.record_schemas),
    )
