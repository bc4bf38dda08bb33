"""A client for the service: JSON in and out, problems as `EventerError`s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx

from eventer.client.transport import LINES_TIMEOUT, NDJSON, Address, line_value
from eventer.core.errors import RequestError

Query = Sequence[tuple[str, str]]
_FULL_ID_LENGTH = 19
"""Digits of most ids; shorter texts may be prefixes."""


class ServiceClient:
    """One service. With `keep_alive`, connections stay open for the next request until `close`."""

    def __init__(
        self,
        address: Address,
        transport: httpx.BaseTransport | None = None,
        *,
        keep_alive: bool = False,
    ) -> None:
        self._address = address
        self._http = httpx.Client(transport=transport, **address.options(keep_alive=keep_alive))

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The JSON value in the answer to a GET.

        Raises:
            ServiceUnreachableError: the service does not answer.
            EventerError: the service rejects the request; see `problem_error`.
        """
        return self._address.json(self.request("GET", path, list((query or {}).items())))

    def post(self, path: str, query: Query = (), body: bytes | None = None) -> Any:
        """The JSON value in the answer to a POST; raises as `get` does."""
        return self._address.json(self.request("POST", path, query, body))

    def request(
        self, method: str, path: str, query: Query = (), body: bytes | None = None
    ) -> httpx.Response:
        """A successful answer; raises as `get` does."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        with self._address.translate_errors():
            answer = self._http.request(
                method, path, params=list(query), content=body, headers=headers
            )
        self._address.check(answer)
        return answer

    def post_lines(self, path: str, query: Query = ()) -> Iterator[Any]:
        """The JSON values of a POST answered line by line, as they arrive; raises as `get` does."""
        yield from self.lines("POST", path, query)

    def get_lines(self, path: str, query: Query = ()) -> Iterator[Any]:
        """The JSON values of a GET answered line by line, as they arrive; raises as `get` does."""
        yield from self.lines("GET", path, query)

    def lines(self, method: str, path: str, query: Query) -> Iterator[Any]:
        """The JSON values of an answer line by line, as they arrive; raises as `get` does."""
        with (
            self._address.translate_errors(),
            self._http.stream(
                method, path, params=list(query), headers=NDJSON, timeout=LINES_TIMEOUT
            ) as answer,
        ):
            if not answer.is_success:
                answer.read()
            self._address.check(answer)
            for line in answer.iter_lines():
                yield line_value(line)

    def full_ids(self, ids: Sequence[str]) -> list[str]:
        """The ids of generators, or their names; each id may be given as a unique prefix.

        A name has other characters than digits, so none is a prefix. Raises as `get` does.
        """
        if not any(id_.isdecimal() and len(id_) < _FULL_ID_LENGTH for id_ in ids):
            return list(ids)
        known = [each["id"] for each in self.get("/generator/status")["generators"]]
        return [_full_id(id_, known) for id_ in ids]

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()


def _full_id(text: str, known: Sequence[str]) -> str:
    """The known id that is `text`, or the only one that begins with it; else `text`."""
    matching = [id_ for id_ in known if text and id_.startswith(text)]
    if text in known or not matching:
        return text
    if len(matching) > 1:
        raise RequestError(f"{len(matching)} ids begin with {text}: give more digits")
    return matching[0]
