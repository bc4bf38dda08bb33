"""Commands that show what `eventer dev` delivers, ready to paste."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass

# Debian's kcat is too old for the embedded broker; aiokafka is installed with Eventer.
_READ_SCRIPT = """
import asyncio, aiokafka
async def read():
    async with aiokafka.AIOKafkaConsumer(
        "boo", bootstrap_servers="{servers}", auto_offset_reset="earliest"
    ) as consumer:
        async for record in consumer:
            print(record.value.decode())
asyncio.run(read())"""


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses of the service, the broker and the database."""

    url: str
    kafka: str
    postgres: str


def example_commands(addresses: Addresses) -> list[tuple[str, str]]:
    """Pairs of a title and a command."""
    select = 'select id, country, name, "user_agent" from boo order by id limit 10'
    python = shlex.quote(sys.executable)
    read_command = shlex.quote(_READ_SCRIPT.format(servers=addresses.kafka))
    return [
        ("the API", f"curl {addresses.url}/generator/status"),
        ("its documentation", f"{addresses.url}/docs"),
        ("a table", f"psql {shlex.quote(addresses.postgres)} -c {shlex.quote(select)}"),
        ("a topic", f"{python} -c {read_command}"),
        ("the generators", f"EVENTER_URL={addresses.url} {python} -m eventer list"),
    ]
