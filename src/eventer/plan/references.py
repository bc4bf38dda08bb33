"""The streams that a template refers to: which it names, and their programs.

A template owns its references (`Template.references`), and prepared ones are complete: they are the
streams that its calls name, and those that their templates name. All names mean the same in all of
these templates, so one mapping of names to programs serves them all. Only the own name of a
template (`Template.own_name`) means earlier events of its own stream there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from eventer.core.errors import EvaluationError
from eventer.core.model import (
    EarlierPopulation,
    EventContext,
    FixedPopulation,
    GrowingPopulation,
    NoPopulation,
    Population,
    ReferencedStream,
    Stream,
    Template,
)
from eventer.core.suggestions import did_you_mean
from eventer.functions.catalog import CATALOG
from eventer.jsonnet.load import Program
from eventer.jsonnet.native_calls import StaticNames, native_calls
from eventer.jsonnet.nodes import Apply, Literal
from eventer.plan.draw_keys import root_key

MAX_CHAIN: Final = 8
"""Streams that follow each other, each named by the template of the one before."""


@dataclass(frozen=True, slots=True, eq=False)
class ReferencedProgram:
    """A stream that can be referred to, with its template and its program."""

    stream: ReferencedStream
    program: Program

    @property
    def population(self) -> Population:
        """The events that exist."""
        population = self.stream.population
        assert not isinstance(population, NoPopulation)
        return population

    @property
    def root_key(self) -> int:
        """The draw key of its root."""
        return root_key(self.stream.stream, self.program.digest)

    @property
    def own_name(self) -> str:
        """The name under which its template reads earlier events of the stream itself."""
        return self.stream.template.own_name


TemplateLoader: TypeAlias = Callable[[Template, bool], tuple[Template, Program]]
"""Loads a template, or a stored one; returns it with all that it imports, and its program."""
ReferencedPrograms: TypeAlias = Mapping[str, ReferencedProgram]
"""The programs of streams by name."""


def referenced_programs(
    template: Template, program: Program, load: TemplateLoader, *, strict: bool
) -> ReferencedPrograms:
    """The programs of the streams that a template refers to, and that they refer to.

    Their streams are complete: with what their templates import, and their digests.

    If not `strict`, wrong references are left out: events that evaluate them raise.

    Raises:
        EvaluationError: a name is unknown or is not written as text, a stream without a schedule
            refers to one with a schedule, or the references are circular or too many; at the place
            of the call.
        TemplateError: the template of a referenced stream is invalid.
    """
    known = {each.name: each for each in template.references}
    return _Resolution(template, known, load, strict=strict).of(program)


@dataclass(slots=True)
class _Resolution:
    template: Template
    known: Mapping[str, ReferencedStream]
    load: TemplateLoader
    strict: bool = field(kw_only=True)
    found: dict[str, ReferencedProgram] = field(default_factory=dict)
    followed: dict[str, int] = field(default_factory=dict)
    """At which length of a path the references of a stream were followed."""
    direct: set[str] = field(default_factory=set)
    """The streams that the template itself names."""

    def of(self, program: Program) -> ReferencedPrograms:
        self._follow(program, ())
        return {
            name: found if name in self.direct else _indirect(found)
            for name, found in sorted(self.found.items())
        }

    def _follow(self, program: Program, path: tuple[str, ...]) -> None:
        own_name = self.found[path[-1]].own_name if path else self.template.own_name
        for call, name in reference_calls(program):
            if name and name == own_name:
                continue
            try:
                stream = self._stream(name, path)
            except EvaluationError as error:
                if self.strict:
                    raise error.at(call.span) from None
                continue
            if not path:
                self.direct.add(stream.name)
            referenced = self.found.get(stream.name)
            if referenced is None:
                referenced = self._loaded(stream)
                self.found[stream.name] = referenced
            if self._must_follow(stream.name, len(path)):
                self.followed[stream.name] = len(path)
                self._follow(referenced.program, (*path, stream.name))

    def _must_follow(self, name: str, length: int) -> bool:
        """Whether a path to a stream can show more than those that were followed from there.

        A longer one can have too many streams, which is an error; or else, a shorter one can lead
        farther.
        """
        before = self.followed.get(name)
        return before is None or (length > before if self.strict else length < before)

    def _loaded(self, stream: ReferencedStream) -> ReferencedProgram:
        template, program = self.load(stream.template, bool(stream.digest))
        complete = replace(stream, template=template, digest=program.digest.hex())
        return ReferencedProgram(complete, program)

    def _stream(self, name: str | None, path: tuple[str, ...]) -> ReferencedStream:
        if name is None:
            raise EvaluationError(
                "get_event_of: 'name' must be written in the call, because the event that it "
                "names is found before the first event is generated",
                hint="write the name as text, such as get_event_of('customers')",
            )
        if name == self.template.own_name:
            raise _circular((name, *path, name))
        stream = self.known.get(name)
        if stream is None:
            raise self._unknown(name)
        if isinstance(stream.population, NoPopulation):
            raise EvaluationError(
                f"get_event_of: {name!r} {stream.population.reason}", hint=stream.population.hint
            )
        if isinstance(stream.population, GrowingPopulation):
            self._check_growing(stream, path)
        if name in path:
            raise _circular((*path[path.index(name) :], name))
        if len(path) == MAX_CHAIN:
            chain = " → ".join([*path, name])
            raise EvaluationError(
                f"get_event_of: more than {MAX_CHAIN} events refer to each other: {chain}",
                hint="let the first refer to the last directly, or merge two of them",
            )
        return stream

    def _check_growing(self, stream: ReferencedStream, path: tuple[str, ...]) -> None:
        """Checks that a stream with a schedule can be referred to at the end of a path."""
        if path and isinstance(self.found[path[-1]].population, FixedPopulation):
            chain = " → ".join([*path, stream.name])
            raise EvaluationError(
                f"get_event_of: {path[-1]!r} has no schedule, so it can refer only to events "
                f"without a schedule: {chain}",
                hint=f"add {stream.name!r} to `events` once more under another `id`, with the same "
                "`stream` and `seed` but without a schedule, and refer to that: its events are "
                "the same",
            )
        if stream.template.text == self.template.text and not stream.template.own_name:
            if path:
                raise _circular((stream.name, *path, stream.name))
            raise EvaluationError(
                f"get_event_of: {stream.name!r} refers to itself in another file",
                hint=f"call get_event_of({stream.name!r}) in the template, not in a file that it "
                "imports",
            )

    def _unknown(self, name: str) -> EvaluationError:
        possible = [
            each.name
            for each in self.known.values()
            if not isinstance(each.population, NoPopulation)
        ]
        hint = did_you_mean(name, possible)
        if hint is None and possible:
            hint = (
                f"the events that can be referred to are {', '.join(map(repr, sorted(possible)))}"
            )
        return EvaluationError(
            f"get_event_of: there is no event {name!r} to refer to",
            hint=hint
            or "add it to `events` of the request, or write the name of a generator; for a preview "
            "or a run, give it by `with` or --with",
        )


def _indirect(found: ReferencedProgram) -> ReferencedProgram:
    """A stream to which only other streams refer."""
    population = found.population
    if not isinstance(population, GrowingPopulation):
        return found
    stream = replace(found.stream, population=replace(population, indirect=True))
    return replace(found, stream=stream)


def check_no_growing(program: Program, references: ReferencedPrograms, own_name: str) -> None:
    """Checks that a program of timelines refers to no events of generators, or of itself.

    Raises:
        EvaluationError: it does; at the place of the call.
    """
    for call, name in reference_calls(program):
        if name and name == own_name:
            raise EvaluationError(
                "get_event_of: a timeline cannot refer to earlier timelines of its own stream",
                hint="take what the timelines have in common from an event without a schedule",
            ).at(call.span)
        referenced = references.get(name or "")
        if referenced is not None and isinstance(referenced.population, GrowingPopulation):
            raise EvaluationError(
                f"get_event_of: a timeline cannot refer to {name!r}, which has a schedule",
                hint="add it to `events` once more under another `id`, with the same `stream` and "
                "`seed` but without a schedule, and refer to that: its events are the same",
            ).at(call.span)


def names_itself(program: Program, own_name: str) -> bool:
    """Whether a program refers to earlier events of its own stream, which it calls `own_name`."""
    return bool(own_name) and any(name == own_name for _, name in reference_calls(program))


def own_stream(
    template: Template, program: Program, stream: Stream, context: EventContext
) -> ReferencedProgram:
    """The stream of a template as the template itself refers to it."""
    itself = ReferencedStream(template.own_name, template, stream, context, EarlierPopulation())
    return ReferencedProgram(itself, program)


DEPENDS_ON_ITSELF: Final = (
    "get_event_of: a field that is read of an earlier event depends on an event before that one"
)
"""What is wrong with a reference of a stream to itself within another."""
DEPENDS_ON_ITSELF_HINT: Final = (
    "read fields of the earlier event, such as an id, that do not depend on get_event_of; which "
    "fields it has must not depend on get_event_of either: write null in place of an optional field"
)


def _circular(names: tuple[str, ...]) -> EvaluationError:
    circle = " → ".join(names)
    return EvaluationError(
        f"get_event_of: these events refer to each other in a circle: {circle}",
        hint="remove one of these references",
    )


def reference_calls(program: Program) -> Iterator[tuple[Apply, str | None]]:
    """The calls that refer to streams, with the names in them; None if a name is not constant."""
    for tree in (program.root, *program.code.values()):
        names: StaticNames | None = None
        for native, call in native_calls(tree):
            spec = CATALOG.find(native)
            if spec is None or spec.picks is None or not call.positional:
                continue
            names = names or StaticNames(tree)
            given = names.value(call.positional[0])
            is_text = isinstance(given, Literal) and isinstance(given.value, str)
            yield call, given.value if is_text else None  # type: ignore[union-attr,misc]  # a Literal
