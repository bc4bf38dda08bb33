"""The log says how many generators deliver again after a start."""

import asyncio
import logging
from dataclasses import replace

from eventer.core.clock import SystemClock
from eventer.core.errors import DestinationUnavailableError
from eventer.core.model import GeneratorState
from eventer.service.generator import Generator
from eventer.service.start_progress import StartProgress, log_start, start_progress
from eventer.testing.registry_conformance import sample_record


def generator(id_, state=GeneratorState.RUNNING):
    return Generator.of(replace(sample_record(id_), state=state), cluster=1)


def test_progress_of_a_start():
    generators = {id_: generator(id_) for id_ in range(1, 5)}
    generators[5] = generator(5, GeneratorState.PAUSED)
    removed = 6
    generators[1].record_running("exactly-once")
    generators[2].waiting = True
    generators[2].record_error(DestinationUnavailableError("down"), 0)
    progress = start_progress([*generators, removed], generators)
    assert progress == StartProgress(delivering=1, waiting=1, starting=2)
    assert str(progress) == "1 of 4 generators deliver, 1 wait for their destination"


def test_the_text_names_waiting_generators_only_if_there_are_any():
    assert str(StartProgress(1_234, 0, 766)) == "1,234 of 2,000 generators deliver"


async def test_the_log_tells_the_beginning_and_the_end_of_a_start(caplog, monkeypatch):
    monkeypatch.setattr("eventer.service.start_progress.POLL_S", 0)
    generators = {1: generator(1), 2: generator(2)}
    with caplog.at_level(logging.INFO):
        task = asyncio.create_task(log_start([1, 2], generators, SystemClock()))
        await asyncio.sleep(0)
        assert caplog.messages == ["starting 2 generators"]
        generators[1].record_running("exactly-once")
        del generators[2]
        await task
    assert caplog.messages[-1].startswith("1 of 1 generators deliver, ")
