"""The same as `json_client`, for asyncio."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx

from eventer.client.json_client import Query
from eventer.client.transport import LINES_TIMEOUT, NDJSON, Address, line_value


class AsyncServiceClient:
    """One service, as `ServiceClient`; connections stay open for the next request until `close`."""

    def __init__(self, address: Address, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._address = address
        self._http = httpx.AsyncClient(transport=transport, **address.options(keep_alive=True))

    async def request(
        self, method: str, path: str, query: Query = (), body: bytes | None = None
    ) -> httpx.Response:
        """See `ServiceClient.request`."""
        headers = {} if body is None else {"Content-Type": "application/json"}
        with self._address.translate_errors():
            answer = await self._http.request(
                method, path, params=list(query), content=body, headers=headers
            )
        self._address.check(answer)
        return answer

    async def lines(self, method: str, path: str, query: Query) -> AsyncIterator[Any]:
        """See `ServiceClient.lines`."""
        with self._address.translate_errors():
            async with self._http.stream(
                method, path, params=list(query), headers=NDJSON, timeout=LINES_TIMEOUT
            ) as answer:
                if not answer.is_success:
                    await answer.aread()
                self._address.check(answer)
                async for line in answer.aiter_lines():
                    yield line_value(line)

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()
