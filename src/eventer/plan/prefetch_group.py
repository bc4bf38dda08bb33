"""Generators of one plan that generate ahead together: their small ticks share one run.

A run has a fixed cost of some hundred times that of an event. An engine alone generates hundreds
of events ahead; those of thousands of engines would need too much memory. Together they generate a
few events of each.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from weakref import WeakSet, WeakValueDictionary

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from eventer.core.batch import MAX_BYTES, MAX_EVENT_BYTES, Batch
from eventer.core.clock import NS_PER_SECOND
from eventer.core.errors import EventerError
from eventer.core.logs import event
from eventer.kernels.json.assemble import assemble
from eventer.plan.computed_rows import PrefetchedBatch
from eventer.plan.engine import ScheduledTimes
from eventer.plan.execution import BatchTooLargeError, Execution
from eventer.plan.graph import Filter, Root
from eventer.plan.grouped_inputs import GroupedInputs, NotGroupedError
from eventer.plan.inputs import PlanInputs
from eventer.plan.ops.documents import text_array
from eventer.plan.plan_fields import PlanFields
from eventer.plan.stream_plan import StreamPlan

if TYPE_CHECKING:
    from eventer.plan.columnar_engine import Plan

SHARED_ROWS: Final = 512
"""Events that a group has prefetched, unless its generators need more."""
MIN_ENGINES: Final = 200
"""From this number of engines of a thread on, they generate together.

The kernels for draw keys of several generators take 40 MiB, and an engine alone prefetches 200 KiB.
"""
MAX_MEMBER_ROWS: Final = 256
MAX_RUN_ROWS: Final = 4_096
MAX_RUN_NS: Final = NS_PER_SECOND // 5
"""CPU time of a run, estimated by that of the events of the last run."""
LOOKAHEAD_NS: Final = 2 * NS_PER_SECOND
"""Each generator prefetches at least the events of this time."""
_NEVER: Final = 1 << 63
"""After all instants."""

Times = NDArray[np.int64]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Share:
    """The next events of a member."""

    member: GroupMember
    first: int
    scheduled: Times


class GroupMember:
    """The engine of one generator in a group: its prefetched events, and what it needs next."""

    def __init__(self, group: PrefetchGroup, inputs: PlanInputs) -> None:
        self._group = group
        self.inputs = inputs
        self.prefetched: PrefetchedBatch | None = None
        self.next_index = 0
        self.later: ScheduledTimes | None = None
        self._next_due: int | None = None

    def expect(self, first: int, later: ScheduledTimes) -> None:
        """The events from `first` on are needed next."""
        self.next_index, self.later, self._next_due = first, later, None
        if self.prefetched is not None and first >= self.prefetched.stop:
            self.prefetched = None  # so that the events of others need not stay in memory

    def take(self, first: int, scheduled: Times, later: ScheduledTimes) -> Batch | None:
        """The requested events, prefetched or generated; None if the group cannot generate them."""
        batch = self._take_prefetched(first, scheduled)
        if batch is None and self._group.usable and len(later(first, 1)):
            self.expect(first, later)
            self._group.refill(self, _Share(self, first, scheduled))
            batch = self._take_prefetched(first, scheduled)
        self.expect(first + len(scheduled), later)
        return batch

    def _take_prefetched(self, first: int, scheduled: Times) -> Batch | None:
        return None if self.prefetched is None else self.prefetched.cut(first, scheduled)

    def needs_events(self, until: int) -> bool:
        """Whether its next event is due at the instant `until` or earlier, and not prefetched.

        Each refill asks all members of a group, so the time of the next event is computed once.
        """
        if self.later is None or not self._lacks_next:
            return False
        if self._next_due is None:
            times = self.later(self.next_index, 1)
            self._next_due = int(times[0]) if len(times) else _NEVER
        return self._next_due <= until

    @property
    def _lacks_next(self) -> bool:
        return self.prefetched is None or self.next_index >= self.prefetched.stop


class PrefetchGroup:
    """The engines of one plan in one thread. Events must not raise by their draws."""

    def __init__(self, plan: Plan, *, match_hints: bool, is_worthwhile: Callable[[], bool]) -> None:
        """`is_worthwhile` says whether the thread has enough engines for groups."""
        self._plan = plan
        self._is_worthwhile = is_worthwhile
        self._match_hints = match_hints
        self._program = plan.program.with_input_columns()
        self._members: WeakSet[GroupMember] = WeakSet()
        domains = plan.traced.tracer.graph.domains
        self._groupable = plan.raises_alike and all(
            isinstance(each, Root | Filter) for each in domains
        )
        self._row_bytes = 512.0
        self._most_rows = MAX_RUN_ROWS // 4
        """Events of a run, by the size and the time of the last events."""

    @property
    def usable(self) -> bool:
        """Whether it can generate events, and for several engines."""
        return self._groupable and len(self._members) > 1 and self._is_worthwhile()

    def add_engine(self, inputs: PlanInputs) -> GroupMember:
        """Adds an engine with these inputs. Its member leaves the group with the engine."""
        member = GroupMember(self, inputs)
        self._members.add(member)
        return member

    def refill(self, member: GroupMember, needed: _Share) -> None:
        """Generates events that a member needs now, and the next ones of others, in one run."""
        now = int(needed.scheduled[-1])
        shares = [self._share(member, now, needed.scheduled)]
        rows = len(shares[0].scheduled)
        for share in self._others(member, now):
            if rows + len(share.scheduled) > self._most_rows:
                break
            shares.append(share)
            rows += len(share.scheduled)
        if self._try_run(shares) < len(needed.scheduled):
            self._groupable = False  # each engine generates its own events from now on

    def _try_run(self, shares: Sequence[_Share]) -> int:
        """How many events of shares it generated: 0 if that failed."""
        began = time.thread_time_ns()
        try:
            generated = self._run(shares)
        except (NotGroupedError, EventerError, BatchTooLargeError, MemoryError):
            return 0
        except Exception:  # noqa: BLE001  each engine generates its own events
            _log.exception(
                "events of several generators could not be generated together",
                extra=event("group_failed"),
            )
            return 0
        elapsed = max(time.thread_time_ns() - began, 1)
        by_time = generated * MAX_RUN_NS / elapsed
        self._most_rows = int(min(by_time, MAX_BYTES / 2 / self._row_bytes, MAX_RUN_ROWS))
        return generated

    def _others(self, member: GroupMember, now: int) -> Iterator[_Share]:
        for other in list(self._members):
            if other is not member and other.needs_events(now + LOOKAHEAD_NS):
                yield self._share(other, now)

    def _share(self, member: GroupMember, now: int, due: Times | None = None) -> _Share:
        """The next events of a member: those `due`, and some more."""
        assert member.later is not None
        known = np.empty(0, np.int64) if due is None else due
        more = max(SHARED_ROWS // len(self._members), 1)
        times = member.later(member.next_index, max(more, len(known)))
        if len(times) and times[-1] < now + LOOKAHEAD_NS and len(times) < MAX_MEMBER_ROWS:
            times = member.later(member.next_index, MAX_MEMBER_ROWS)
            within = int(np.searchsorted(times, now + LOOKAHEAD_NS))
            times = times[: max(more, within, len(known))]
        return _Share(member, member.next_index, np.concatenate([known, times[len(known) :]]))

    def _run(self, shares: Sequence[_Share]) -> int:
        """Generates the events of shares; how many: 0 if one of them raises."""
        counts = [len(share.scheduled) for share in shares]
        owner = np.repeat(np.arange(len(shares)), counts)
        inputs = GroupedInputs([share.member.inputs for share in shares], owner)
        index = np.concatenate(
            [np.arange(s.first, s.first + len(s.scheduled), dtype=np.int64) for s in shares]
        )
        scheduled = np.concatenate([share.scheduled for share in shares])
        run = self._plan.run(index, scheduled, inputs)
        batch = self._batch(run, inputs, index, scheduled)
        if batch is None:
            return 0
        _hand_out(shares, batch, timed=self._plan.timed)
        return batch.count

    def _batch(
        self, run: Execution, inputs: GroupedInputs, index: Times, scheduled: Times
    ) -> Batch | None:
        """The events as one batch, up to a size; None if one of them raises."""
        columns = inputs.columns(self._plan.program, run)
        run.find_raised(self._plan.checks)
        texts = assemble(
            self._program.rows,
            columns,
            len(index),
            limit=MAX_BYTES,
            event_limit=MAX_EVENT_BYTES,
            guess=int(self._row_bytes * len(index) * 1.05),
            match_hints=self._match_hints,
        )
        count = len(texts)
        if run.raised.any() or not count:
            return None
        self._row_bytes = max(len(texts.text) / count, 1.0)
        fields = PlanFields(self._plan, run, 0, count)
        return Batch(
            first=int(index[0]),
            count=count,
            index=index[:count],
            scheduled=scheduled[:count],
            text=text_array(texts.ends, texts.text, pa.large_binary()),
            fields=fields,
            part_fields=fields.of_part(),
            match_hints=texts.match_hints,
        )


def _hand_out(shares: Sequence[_Share], batch: Batch, *, timed: bool) -> None:
    """Gives each member its events of a batch, as far as it has them."""
    everything = PrefetchedBatch.of(batch, timed=timed)
    offset = 0
    for share in shares:
        count = min(len(share.scheduled), batch.count - offset)
        if count <= 0:
            return
        share.member.prefetched = everything.part(share.first, offset, count)
        offset += count


class PrefetchGroups:
    """The groups of a thread, by plan; a group, and so its plan, stays as long as a member."""

    def __init__(self, min_engines: int = MIN_ENGINES) -> None:
        self._groups: WeakValueDictionary[tuple[Plan, bool], PrefetchGroup] = WeakValueDictionary()
        self._members: WeakSet[GroupMember] = WeakSet()
        self._min_engines = min_engines

    def add_engine(self, plan: StreamPlan, *, match_hints: bool) -> GroupMember:
        """Adds an engine to the group of its plan."""
        key = plan.plan, match_hints
        group = self._groups.get(key)
        if group is None:
            group = PrefetchGroup(
                plan.plan, match_hints=match_hints, is_worthwhile=self._has_min_engines
            )
            self._groups[key] = group
        member = group.add_engine(plan.inputs)
        self._members.add(member)
        return member

    def _has_min_engines(self) -> bool:
        return len(self._members) >= self._min_engines
