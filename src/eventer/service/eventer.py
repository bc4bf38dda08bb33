"""The service: the one object that the API and the command line call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from eventer.core.clock import Clock, SystemClock
from eventer.core.cooperative_map import cooperative_map
from eventer.core.errors import ConflictError, Fault, NotFoundError, RegistryError, RequestError
from eventer.core.model import GeneratorState, Position
from eventer.core.pace import PaceSpec
from eventer.destinations.connector import Connector
from eventer.destinations.inspection import ConnectionReport
from eventer.registry.base import GeneratorRecord, Registry, Remove, SetState
from eventer.service.add_generators import Adder
from eventer.service.binding_updater import BindingUpdater
from eventer.service.connection_tester import ConnectionTester
from eventer.service.connections import KnownConnection, known_connections
from eventer.service.destination_checker import DestinationChecker
from eventer.service.generator import Generator, view
from eventer.service.lifecycle import Lifecycle
from eventer.service.locks import Locks
from eventer.service.pace_preview import PacePreview, preview_pace, preview_segments
from eventer.service.recent_errors import PastError
from eventer.service.request_faults import pace_faults, raise_faults
from eventer.service.requests import AddRequest
from eventer.service.row_file_store import RowFileStore, row_file_folder
from eventer.service.tail import follow_events
from eventer.service.template_service import TemplateService, preview_limit
from eventer.service.verifier import Verifier
from eventer.service.views import GeneratorView, Removal, Snapshot, Verification
from eventer.settings import Settings
from eventer.workers.fork_client import ForkClient
from eventer.workers.inspector_messages import (
    RecomputedEvents,
    RecomputedFaults,
    RecomputeEvents,
    RecomputeFaults,
    RecomputeSteps,
    RecomputeTimelines,
)
from eventer.workers.inspector_pool import InspectorPool
from eventer.workers.messages import AuditProgress, WorkerConfig
from eventer.workers.supervisor import ProcessStatus
from eventer.workers.worker_pool import WorkerPool

Reference: TypeAlias = int | str
"""A generator's id, or its name."""
PositionChoice: TypeAlias = Literal["registry", "destination"]

INSPECTOR_COUNT: Final = 2


class Eventer:
    """Generators, from the request to the last commit.

    Call every method from the event loop that called `start`. Ids are unsigned 64-bit integers; a
    name can stand in place of an id. Methods raise only the errors of `eventer.core.errors`.
    `embedded` names the connections whose server this service starts itself: a position lost there
    begins a new incarnation. `connectors` replace those of the settings. `templates` answers
    questions about templates of no generator.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        *,
        clock: Clock | None = None,
        embedded: Collection[str] = (),
        connectors: Mapping[str, Connector] | None = None,
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._clock = clock or SystemClock()
        cluster = registry.cluster
        self._connections = dict(known_connections(settings, cluster.shards))
        for name, connector in (connectors or {}).items():
            self._connections[name] = replace(self._connections[name], connector=connector)
        self._locks = Locks()
        self._row_files = RowFileStore(settings)
        self._fork_client = ForkClient()
        self._worker_pool = WorkerPool(
            settings.workers, self._worker_config("delivery"), self._fork_client
        )
        self._inspectors = InspectorPool(
            INSPECTOR_COUNT, self._worker_config("inspector"), self._fork_client
        )
        self.templates = TemplateService(settings, self._inspectors, self._clock)
        self._verifier = Verifier(self._worker_config("auditor"), self._fork_client)
        self._connection_tester = ConnectionTester(
            self._worker_config("tester"), self._fork_client, self._connections
        )
        self._lifecycle = Lifecycle(registry, self._worker_pool, self._clock, embedded)
        self._binding_updater = BindingUpdater(self._lifecycle, self._locks, self._clock)
        self._adder = Adder(
            settings=settings,
            registry=registry,
            lifecycle=self._lifecycle,
            templates=self.templates,
            destination_checker=DestinationChecker(
                self._lifecycle.generators, self._worker_pool, cluster
            ),
            connections=self._connections,
            clock=self._clock,
            locks=self._locks,
            row_files=self._row_files,
            view=self._view,
        )

    def _worker_config(
        self, role: Literal["delivery", "inspector", "auditor", "tester"]
    ) -> WorkerConfig:
        connectors = {
            name: known.connector
            for name, known in self._connections.items()
            if known.connector is not None and role != "inspector"
        }
        return WorkerConfig(
            role,
            cluster=self._registry.cluster.id,
            connectors=connectors,
            library=self._settings.library,
            memory=self._settings.limits.worker_memory_bytes,
            row_files=row_file_folder(self._settings),
            traces=self._settings.traces and role == "delivery",
        )

    async def start(self) -> None:
        """Starts the workers and launches the running generators, without waiting for them.

        Raises:
            RegistryError: the registry cannot be read.
        """
        self._inspectors.start()
        self._worker_pool.start(self._lifecycle.on_shard_update)
        known = self._connections.items()
        await self._fetch_row_files()
        await self._lifecycle.start({name for name, each in known if each.connector is not None})
        self._binding_updater.start()
        used = _row_files(each.record for each in self._lifecycle.generators.values())
        await asyncio.to_thread(self._row_files.remove_others, used)

    async def _fetch_row_files(self) -> None:
        """Fetches the files of rows that other services on the registry kept."""
        shared = self._registry.shared_files
        if shared is None:
            return
        used = _row_files(await self._registry.all())
        for digest in await asyncio.to_thread(self._row_files.missing, used):
            content = await shared.read(digest)
            if content is not None:  # else the generator fails, and says which file is missing
                await asyncio.to_thread(self._row_files.restore, digest, content)
        await shared.remove_others(used)

    async def stop(self) -> None:
        """Stops the workers after they have committed in-flight events. Never raises."""
        await self._binding_updater.stop()
        await asyncio.gather(self._inspectors.stop(), self._worker_pool.stop())
        self._fork_client.stop()
        await self._lifecycle.stop()

    async def add(self, request: AddRequest) -> tuple[GeneratorView, ...]:
        """Adds the generators of a request and changes existing ones: all, or none.

        Returns a view for each schedule, in order. When it returns, everything is on disk.

        Raises:
            RequestError: with faults by JSON pointer; those of templates have their place.
            RegistryError: the registry cannot be written; nothing changed.
        """
        return await self._adder.add(request)

    async def status(self, id: Reference | None = None) -> tuple[GeneratorView, ...]:  # noqa: A002
        """The generator with this id, or all, oldest first.

        Other tasks run while many are looked at: each view is of its own instant.

        Raises:
            NotFoundError: no generator has this id.
        """
        if id is not None:
            return (self._view(self._generator(id)),)
        generators = self._lifecycle.generators.values()
        return tuple(await cooperative_map(self._view, generators))

    async def remove(self, ids: Sequence[Reference]) -> Removal:
        """Removes generators. When it returns, no further event of them is delivered.

        Raises:
            NotFoundError: none of them exists.
            ConflictError: others, which stay, refer to events of one of them.
        """
        found = {each: self._lifecycle.generators.find(each) for each in ids}
        known = list(dict.fromkeys(each.record.id for each in found.values() if each is not None))
        unknown = tuple(str(each) for each, generator in found.items() if generator is None)
        if not known:
            raise _not_found(*found)
        self._check_readers(known, known)
        readers = [id_ for id_ in known if self._lifecycle.generators.refers(id_)]
        await asyncio.gather(*(self._remove(id_, known) for id_ in readers))
        others = [id_ for id_ in known if id_ not in readers]
        await asyncio.gather(*(self._remove(id_, known) for id_ in others))
        return Removal(tuple(known), unknown)

    def _check_readers(self, ids: Collection[int], removed: Collection[int]) -> None:
        """Checks that no generator that stays refers to these.

        Raises:
            ConflictError: one does.
        """
        generators = self._lifecycle.generators
        for id_ in ids:
            readers = [
                each
                for each in generators.readers_of(id_).values()
                if each.record.id not in removed
            ]
            if readers:
                labels = ", ".join(each.record.label for each in readers)
                raise ConflictError(
                    f"generator {generators[id_].record.label} cannot be removed: others refer to "
                    f"its events: {labels}",
                    hint="remove those first, or together with it",
                )

    async def _remove(self, id_: int, removed: Collection[int]) -> None:
        async with self._locks.hold([id_]):
            if (generator := self._lifecycle.generators.get(id_)) is None:
                return
            self._check_readers([id_], removed)
            await self._lifecycle.withdraw(generator)
            try:
                await self._registry.apply([Remove(id_)])
            except RegistryError:
                if generator.active:
                    self._lifecycle.launch(generator)
                raise
            self._lifecycle.forget(generator)

    def recent_errors(self, id: Reference) -> Sequence[PastError]:  # noqa: A002
        """The errors of a generator since the service started, newest first: at most 20.

        Raises:
            NotFoundError: no generator has this id.
        """
        return self._generator(id).recent_errors.newest_first()

    async def pause(self, id: Reference) -> GeneratorView:  # noqa: A002
        """Pauses a generator. When it returns, no further event is delivered.

        Raises:
            NotFoundError: no generator has this id.
        """
        async with self._locked(id) as generator:
            if generator.record.state not in {GeneratorState.PAUSED, GeneratorState.FINISHED}:
                await self._pause(generator)
            return self._view(generator)

    async def _pause(self, generator: Generator) -> None:
        await self._lifecycle.withdraw(generator)
        try:
            await self._set_state(generator, GeneratorState.PAUSED)
        except RegistryError:
            if generator.active:
                self._lifecycle.launch(generator)
            raise

    async def resume(
        self,
        id: Reference,  # noqa: A002
        *,
        skip: bool = False,
        position: PositionChoice | None = None,
    ) -> GeneratorView:
        """Resumes a paused or failed generator; `skip` skips the event at which it failed.

        After its position was lost, `position` must say where to continue: at the registry's, after
        the events once committed, or at the destination's, which delivers those again.

        Raises:
            NotFoundError: no generator has this id.
            RequestError: the position was lost and `position` is None, or not lost and given; or
                the generator is finished.
        """
        async with self._locked(id) as generator:
            if generator.record.state is GeneratorState.RUNNING:
                return self._view(generator)
            _check_not_finished(generator)
            _check_position_choice(generator, position)
            await self._lifecycle.withdraw(generator)
            generator.skip = frozenset({generator.failing_index()} if skip else ())
            generator.accepted = generator.position if position == "registry" else None
            if position == "destination":
                generator.position = Position()
            await self._set_state(generator, GeneratorState.RUNNING)
            generator.last_error = None
            self._lifecycle.launch(generator, new_segment_at=self._clock.now_ns())
            return self._view(generator)

    async def _set_state(self, generator: Generator, state: GeneratorState) -> None:
        """Changes the state on disk. Resuming clears the failure, pausing keeps it."""
        record, now = generator.record, self._clock.now_ns()
        failure = record.failure if state is GeneratorState.PAUSED else None
        await self._registry.apply([SetState(record.id, record.incarnation, state, failure, now)])
        generator.update_record(state=state, failure=failure, updated_at=now)

    async def events(self, id: Reference, first: int, count: int) -> RecomputedEvents:  # noqa: A002
        """Recomputes what is written of the events [first, first + count), past or future.

        Skipped and dropped events are left out. Future events that refer to those of other
        generators are provisional: the others may change before. Of a generator of timelines, they
        are the steps of the timelines [first, first + count), in the order of their delivery.

        Raises:
            NotFoundError: no generator has this id.
            TemplateError: one of them fails, and the generator stops on errors.
            WorkerLostError: the inspector process died.
        """
        generator = self._generator(id)
        limit = preview_limit(self._settings)
        if generator.record.spec.steps is not None:
            begun = generator.next_index(generator.position)
            timelines = RecomputeTimelines(generator.record, first, count, begun)
            return await self._inspectors.ask(timelines, RecomputedEvents, limit)
        question = self._recomputation(id, first, count)
        found = await self._inspectors.ask(question, RecomputedEvents, limit)
        provisional_from = max(first, question.position)
        own = all(each.generator == generator.record.id for each in question.bindings)
        if first + count <= provisional_from or own:
            return found
        return replace(found, provisional_from=provisional_from)

    async def faults(self, id: Reference, first: int, count: int) -> RecomputedFaults:  # noqa: A002
        """The events of [first, first + count) with faults, and what they are without them.

        Raises:
            NotFoundError, TemplateError, WorkerLostError: as `events`.
        """
        question = RecomputeFaults(self._recomputation(id, first, count))
        return await self._inspectors.ask(question, RecomputedFaults, preview_limit(self._settings))

    def _recomputation(self, id_: Reference, first: int, count: int) -> RecomputeEvents:
        generator = self._generator(id_)
        spec = generator.record.spec
        return RecomputeEvents(
            spec.event_source,
            generator.record.segments,
            first,
            count,
            spec.on_error,
            generator.next_index(generator.position),
            spec.target,
            spec.on_null,
            spec.faults,
            self._lifecycle.gates.all_bindings(generator),
        )

    def tail(
        self,
        id: Reference,  # noqa: A002
        *,
        last: int = 0,
    ) -> AsyncIterator[RecomputedEvents]:
        """Follows the committed events of a generator, as `follow_events`, until it is removed.

        Steps of timelines are numbered in the order of delivery; `last` is not used.

        Raises:
            NotFoundError: no generator has this id, at once or later.
            TemplateError, WorkerLostError: as `events`.
        """
        id_ = self._generator(id).record.id
        if self._generator(id).record.spec.steps is not None:
            return self._tail_steps(id_)
        return follow_events(
            lambda: self._generator(id_).position.next,
            lambda first, count: self.events(id_, first, count),
            last=last,
        )

    def _tail_steps(self, id_: int) -> AsyncIterator[RecomputedEvents]:
        """Follows the steps of a generator of timelines that are committed from now on."""
        shown = newest = self._generator(id_).position

        def position() -> int:
            nonlocal newest
            newest = self._generator(id_).position
            return newest.next

        async def recompute(first: int, count: int) -> RecomputedEvents:
            nonlocal shown
            since, shown = shown, newest
            if first < since.next:  # a new incarnation
                since = Position()
            record, limit = self._generator(id_).record, preview_limit(self._settings)
            question = RecomputeSteps(record, first, count, since.next, since.cursor)
            return await self._inspectors.ask(question, RecomputedEvents, limit)

        return follow_events(position, recompute, last=0)

    def preview_pace(
        self, pace: PaceSpec, *, length: int | None = None, buckets: int = 60
    ) -> PacePreview:
        """The events of a pace by time, if it began now; see `pace_preview.preview_pace`.

        Raises:
            RequestError: its begin or end is out of range.
        """
        now = self._clock.now_ns()
        raise_faults(list(pace_faults(pace, "/pace", now)))
        return preview_pace(pace, now, length=length, buckets=buckets)

    def preview_generator(self, id: Reference, *, buckets: int = 60) -> PacePreview:  # noqa: A002
        """The events of a generator by time, from now on, whether it is paused or not.

        Raises:
            NotFoundError: no generator has this id.
        """
        segments = self._generator(id).record.segments
        return preview_segments(segments, self._clock.now_ns(), buckets=buckets)

    def verify(
        self,
        id: Reference,  # noqa: A002
        *,
        allow_foreign: bool = False,
    ) -> AsyncIterator[AuditProgress | Verification]:
        """Compares the delivered events with recomputed ones, up to the position at the start.

        `allow_foreign` accepts foreign events. Close the iterator to end it early.

        Raises:
            NotFoundError: no generator has this id.
            EventerError: as `Verifier.verify`.
        """
        generators = self._lifecycle.generators
        return self._verifier.verify(self._generator(id), generators, allow_foreign=allow_foreign)

    def connections(self) -> Mapping[str, KnownConnection]:
        """The connections that requests may name, by name."""
        return self._connections

    async def test_connection(self, name: str, targets: Sequence[str] = ()) -> ConnectionReport:
        """Connects as a generator would, and reads the sizes of these topics, tables or folders.

        Raises:
            EventerError: what is wrong and what to do; see `ConnectionTester.test`.
        """
        return await self._connection_tester.test(name, targets)

    async def problems(self) -> tuple[str, ...]:
        """Why the service cannot work: the registry or a worker is not available.

        Destinations do not count: generators wait for them.
        """
        problems = [
            f"worker {each.name} is not running" for each in self._processes() if not each.pid
        ]
        try:
            await self._registry.check()
        except RegistryError as error:
            problems.append(error.message)
        return tuple(problems)

    async def snapshot(self) -> Snapshot:
        """The values of the metrics. Cheap enough for a scrape every second."""
        return Snapshot(await self.status(), dict(self._lifecycle.totals), self._processes())

    def _processes(self) -> Sequence[ProcessStatus]:
        return (*self._worker_pool.processes(), *self._inspectors.processes())

    def _generator(self, reference: Reference) -> Generator:
        generator = self._lifecycle.generators.find(reference)
        if generator is None:
            raise _not_found(reference)
        return generator

    @asynccontextmanager
    async def _locked(self, reference: Reference) -> AsyncIterator[Generator]:
        """A generator that no other request changes during the block.

        Raises:
            NotFoundError: it does not exist.
        """
        id_ = self._generator(reference).record.id
        async with self._locks.hold([id_]):
            yield self._generator(id_)

    def _view(self, generator: Generator) -> GeneratorView:
        connection = self._connections.get(generator.record.spec.target.connection)
        promised = connection.guarantee if connection else None
        totals = self._lifecycle.totals.get(generator.shard)
        slowest = totals.slowest if totals else None
        now = self._clock.now_ns()
        waits_for = self._lifecycle.gates.waits_for(generator, now)
        return view(generator, now, promised, slowest, waits_for)


def _row_files(records: Iterable[GeneratorRecord]) -> set[str]:
    """The digests of the files of rows that generators read."""
    templates = (record.spec.event_source.template for record in records)
    return {digest for template in templates for _, digest in template.all_row_files}


def _not_found(*references: Reference) -> NotFoundError:
    texts = [
        f"the name {each!r}" if isinstance(each, str) else f"the id {each}" for each in references
    ]
    return NotFoundError(f"no generator has {' or '.join(texts)}")


def _check_not_finished(generator: Generator) -> None:
    """Checks that a generator has events left.

    Raises:
        RequestError: it has delivered its last event.
    """
    if generator.record.state is GeneratorState.FINISHED:
        fault = Fault(
            "?id",
            "is finished: its last event is delivered",
            "add it again with another `end`, `max_events` or `pace`",
        )
        raise RequestError(f"generator {generator.record.label} is finished", (fault,))


def _check_position_choice(generator: Generator, position: PositionChoice | None) -> None:
    """Checks that a position is given if one was lost, and only then.

    Raises:
        RequestError: it is missing, or given without need.
    """
    failure = generator.record.failure
    if generator.lost_position and position is None:
        assert failure is not None
        fault = Fault("?position", "must be given: registry or destination", failure.error.hint)
        raise RequestError(f"generator {generator.record.label}: {failure.error.message}", (fault,))
    if position is not None and not generator.lost_position:
        fault = Fault("?position", "omit it: the position is not lost")
        raise RequestError("there is no position to choose", (fault,))
