"""Parses the DSN of a database: a URI, or libpq's form `host=… dbname=…`.

`service=NAME` in it adds the parameters of libpq's connection service file that it does not give.

The password of a malformed DSN can be in any part of it, so errors show nothing of the text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote, urlencode

from eventer.core.errors import ConfigError
from eventer.destinations.postgres.service_file import service_parameters

_FORM: Final = 'write "postgresql://user:password@host:5432/database"'
_ENCODE: Final = (
    "percent-encode special characters of user and password: "
    "%23 for #, %25 for %, %2F for /, %3A for :, %3F for ?, %40 for @, %5B for ["
)
_LIBPQ_ONLY: Final = frozenset({
    "channel_binding", "client_encoding", "connect_timeout", "fallback_application_name",
    "gssencmode", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval",
    "replication", "requirepeer", "sslcompression", "sslsni", "tcp_user_timeout",
})  # fmt: skip
_KEYWORDS: Final = _LIBPQ_ONLY | {
    "application_name", "dbname", "gsslib", "host", "krbsrvname", "options", "passfile", "password",
    "port", "service", "sslcert", "sslcrl", "sslkey", "sslmode", "sslnegotiation", "sslpassword",
    "sslrootcert", "ssl_max_protocol_version", "ssl_min_protocol_version", "target_session_attrs",
    "user",
}  # fmt: skip

_CHOICES: Final = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "target_session_attrs": (
        "any", "primary", "standby", "read-write", "read-only", "prefer-standby",
    ),
    "ssl_min_protocol_version": ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
    "ssl_max_protocol_version": ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
}  # fmt: skip
"""The values of parameters that have a few."""

_CLIENT_FILES: Final = ("sslcert", "sslkey")
_FILES: Final = ("sslrootcert", "sslcrl", *_CLIENT_FILES)
_FILES_READ: Final[Mapping[str, tuple[str, ...]]] = {
    "disable": (), "allow": _CLIENT_FILES, "prefer": _CLIENT_FILES,
}  # fmt: skip
"""The parameters that name files which the client reads, by `sslmode`; the other modes read all."""

_URI = re.compile(
    r"(?:postgresql|postgres)://(?:(?P<login>[^@/?#\[\]]*)@)?"
    r"(?P<hosts>[^@/?#]*)(?:/(?P<database>[^@?#]*))?(?:\?(?P<query>[^@#]*))?"
)
_HOST = re.compile(r"(?:\[[\w:.%-]+\]|[^\[\]:]*)(?::(?P<port>[0-9]*))?")
_PARAMETER = re.compile(r"([A-Za-z_][A-Za-z0-9_.]*)=([^=]*)")
_NOT_ENCODED = re.compile(r"[\x00-\x20\x7f]|%(?![0-9A-Fa-f]{2})|%00")
_KEYWORD = re.compile(
    r"\s*(?P<key>\w+)\s*=\s*(?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<plain>(?!')(?:[^\s\\]|\\.)*))(?:\s+|$)",
    re.DOTALL,
)
_MAX_PORT: Final = 65_535


@dataclass(frozen=True, slots=True, repr=False)
class Dsn:
    """The parts of a DSN. `login`, `hosts` and `database` are percent-encoded."""

    login: str
    hosts: str
    database: str
    parameters: Mapping[str, str]

    @property
    def uri(self) -> str:
        """The URI without parameters of libpq that asyncpg would send to the server."""
        login = f"{self.login}@" if self.login else ""
        query = urlencode({k: v for k, v in self.parameters.items() if k not in _LIBPQ_ONLY})
        database = f"/{self.database}" if self.database else ""
        return f"postgresql://{login}{self.hosts}{database}" + (f"?{query}" if query else "")

    @property
    def address(self) -> str:
        """Hosts and database for messages, without user and password."""
        hosts, ports = self.hosts or self.parameters.get("host", ""), self.parameters.get("port")
        database = unquote(self.database) or self.parameters.get("dbname", "")
        port = f":{ports}" if ports and not self.hosts else ""
        return (unquote(hosts) or "localhost") + port + (f"/{database}" if database else "")

    def missing_file(self) -> str | None:
        """A parameter that names a file that the client needs and cannot find, as `name=path`."""
        for name in _FILES_READ.get(self.parameters.get("sslmode", "prefer"), _FILES):
            path = self.parameters.get(name)
            if path and not os.path.exists(path):  # noqa: PTH110  Path raises if it may not look
                return f"{name}={path}"
        return None


def parse_dsn(text: str) -> Dsn:
    """Parses a DSN strictly.

    Raises:
        ConfigError: it is malformed. The message contains no part of it.
    """
    text = text.strip()
    if re.match(r"postgres(?:ql)?://", text):
        return _with_service(_parse_uri(text))
    if re.match(r"\w+\s*=", text):
        return _with_service(_parse_keywords(text))
    raise ConfigError("the DSN does not begin with postgresql://", hint=_FORM)


def _with_service(dsn: Dsn) -> Dsn:
    """The DSN with the parameters of its service; those of the DSN itself win."""
    given = dict(dsn.parameters)
    name = given.pop("service", None)
    if not name:
        return replace(dsn, parameters=given)
    parameters = {k: v for k, v in service_parameters(name).items() if k not in _given_names(dsn)}
    if unknown := parameters.keys() - _KEYWORDS:
        names = ", ".join(sorted(unknown))
        raise ConfigError(
            f"the service of the DSN has parameters that Eventer does not know: {names}",
            hint="remove them from the connection service file",
        )
    _check_parameters(parameters)
    return replace(dsn, parameters=parameters | given)


def _given_names(dsn: Dsn) -> frozenset[str]:
    """The parameters that the parts of a URI give."""
    user, _, password = dsn.login.partition(":")
    parts = {"user": user, "password": password, "host": dsn.hosts, "dbname": dsn.database}
    names = {name for name, part in parts.items() if part}
    return frozenset(names | ({"port"} if dsn.hosts else set()))


def _parse_uri(text: str) -> Dsn:
    match = _URI.fullmatch(text)
    if match is None or _NOT_ENCODED.search(text):
        raise ConfigError("the DSN is not a valid postgresql:// URI", hint=_ENCODE)
    parameters = {}
    for part in filter(None, (match["query"] or "").split("&")):
        parameter = _PARAMETER.fullmatch(part)
        if parameter is None:
            raise ConfigError("the parameters of the DSN are not name=value pairs", hint=_ENCODE)
        parameters[parameter[1]] = unquote(parameter[2])
    for host in match["hosts"].split(","):
        host_match = _HOST.fullmatch(host)
        _check_port((host_match["port"] or "1") if host_match else "")
    _check_parameters(parameters)
    return Dsn(match["login"] or "", match["hosts"], match["database"] or "", parameters)


def _parse_keywords(text: str) -> Dsn:
    parameters: dict[str, str] = {}
    at = 0
    while at < len(text):
        match = _KEYWORD.match(text, at)
        if match is None or match["key"] not in _KEYWORDS:
            raise ConfigError(
                "the DSN does not consist of libpq's keyword=value pairs",
                hint=f"enclose a value with special characters in single quotes, or {_FORM}",
            )
        value = match["plain"] if match["quoted"] is None else match["quoted"]
        parameters[match["key"]] = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        at = match.end()
    _check_parameters(parameters)
    return Dsn("", "", "", parameters)


def _check_parameters(parameters: Mapping[str, str]) -> None:
    for port in filter(None, parameters.get("port", "").split(",")):
        _check_port(port)
    for name, choices in _CHOICES.items():
        if parameters.get(name, choices[0]) not in choices:
            hint = f"use {', '.join(choices[:-1])} or {choices[-1]}"
            raise ConfigError(f"the value of `{name}` in the DSN is unknown", hint=hint)


def _check_port(port: str) -> None:
    if not (port.isascii() and port.isdigit() and 0 < int(port) <= _MAX_PORT):
        raise ConfigError(f"a port of the DSN is not a number from 1 to {_MAX_PORT}", hint=_ENCODE)
