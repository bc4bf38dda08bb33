"""Writes `docs/reference/settings.md` from the settings; with `--check` only compares them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from reference_page import write_or_check

from eventer.settings.layers import DELIMITER, PREFIX
from eventer.settings.model import KafkaConnection, Limits, PostgresConnection, Settings

INTRODUCTION: Final = """# Settings

<!-- Made by tools/settings_page.py from src/eventer/settings: change those, not this page. -->

A flag of the command line wins over an environment variable, that over `eventer.toml`, that
over the default. The file is `eventer.toml` of the current directory, or the one that
`--config` or `EVENTER_CONFIG` names. `eventer config show` prints every setting and where it
comes from.

Names are the same everywhere: `kafka.bootstrap_servers` is `EVENTER_KAFKA__BOOTSTRAP_SERVERS`,
and in the file

```toml
[kafka]
bootstrap_servers = "localhost:9092"
```

Unknown names are refused, with the line or variable and a near name. Every secret may be read from
a file instead: `EVENTER_TOKEN_FILE=/run/secrets/token`, or `token_file` in `eventer.toml`. Secrets
are never shown, logged or answered. Lists are comma-separated in variables.
"""

CONNECTIONS: Final = """
## Connections

A connection is a Kafka cluster or a PostgreSQL database. It belongs to the operator: requests
may name one, never say where it is. `kafka` and `postgres` are those that a request means when
it names none. Further ones have names of their own:

```toml
[connections.orders]
type = "postgres"
dsn = "postgresql://eventer@db.example.org/orders"
password_file = "/run/secrets/orders"
```

In the environment that is `EVENTER_CONNECTIONS__ORDERS__TYPE=postgres` and so on. They take the
same settings as `kafka` and `postgres`.
"""

TABLE: Final = "\n| Setting | Variable | Default | What it is |\n|---|---|---|---|\n"


def page() -> str:
    """The whole page."""
    return "".join(
        [
            INTRODUCTION,
            "\n## Service\n" + TABLE,
            *_rows(Settings, ()),
            "\n## Limits\n" + TABLE,
            *_rows(Limits, ("limits",)),
            CONNECTIONS,
            "\n### `kafka`\n" + TABLE,
            *_rows(KafkaConnection, ("kafka",)),
            "\n### `postgres`\n" + TABLE,
            *_rows(PostgresConnection, ("postgres",)),
        ]
    )


def _rows(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name == "connections" or _is_section(field.annotation):
            continue
        path = (*above, name)
        variable = PREFIX + DELIMITER.join(path).upper()
        secret = " Secret." if SecretStr in get_args(field.annotation) else ""
        told = f"{field.description}{_choices(field.annotation)}{_example(field)}{secret}"
        yield f"| `{'.'.join(path)}` | `{variable}` | {_default(field)} | {told} |\n"


def _is_section(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _default(field: FieldInfo) -> str:
    value = field.default
    if field.default_factory is not None or value is None or value == ():
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _choices(annotation: Any) -> str:
    for member in (annotation, *get_args(annotation)):
        if get_origin(member) is Literal:
            return " One of " + ", ".join(f"`{choice}`" for choice in get_args(member)) + "."
    return ""


def _example(field: FieldInfo) -> str:
    return f" Such as `{field.examples[0]}`." if field.examples else ""


if __name__ == "__main__":
    sys.exit(write_or_check("settings", page()))
