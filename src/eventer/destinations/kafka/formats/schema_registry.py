"""The client of a schema registry with Confluent's API."""

from __future__ import annotations

import time
from typing import Any, Final
from urllib.parse import quote

import httpx

from eventer.core.errors import DestinationRejectedError, TargetUnavailableError
from eventer.core.model import RecordFormat
from eventer.core.network_errors import network_error_text
from eventer.destinations.kafka.formats.subjects import RegisteredSchema
from eventer.destinations.kafka.formats.value_encoder import FormattedSchema
from eventer.destinations.kafka.settings import SchemaRegistrySettings

_MEDIA_TYPE: Final = "application/vnd.schemaregistry.v1+json"
_TIMEOUT_SECONDS: Final = 5.0
_SILENT_SECONDS: Final = 10.0
"""How long a registry that did not answer in time is not asked: other flows wait meanwhile."""
_NO_ANSWER: Final = "no answer in time"
_BAD_REQUEST: Final = 400
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_INVALID: Final = 422
_MAX_REFERENCES: Final = 100
"""Each may be one level deeper than the one before."""
_NO_REASON: Final = "it is not compatible with the latest version"
_TYPES: Final[dict[RecordFormat, str]] = {
    "avro": "AVRO",
    "protobuf": "PROTOBUF",
    "json-schema": "JSON",
}


class SchemaRegistry:
    """A registry, which gives schemas their ids.

    Every method raises `TargetUnavailableError` if the registry does not answer, and
    `DestinationRejectedError` if it rejects the login.
    """

    def __init__(self, settings: SchemaRegistrySettings) -> None:
        self._settings = settings
        self._client: httpx.AsyncClient | None = None
        self._silent_until = 0.0

    async def register(self, subject: str, schema: FormattedSchema) -> int:
        """The id of a schema, which becomes the latest version of its subject if it is not one.

        Raises:
            DestinationRejectedError: the subject's compatibility rule refuses it, or it is invalid.
        """
        known = await self.lookup(subject, schema)
        if known is not None:
            return known
        status, answer = await self._post(f"subjects/{_quoted(subject)}/versions", schema)
        if status in (_CONFLICT, _INVALID):
            reasons = await self._reasons(subject, schema) if status == _CONFLICT else None
            raise _refusal(subject, reasons or str(answer.get("message", _NO_REASON)))
        return self._id(status, answer)

    async def lookup(self, subject: str, schema: FormattedSchema) -> int | None:
        """The id of a schema that is a version of a subject; else None."""
        status, answer = await self._post(f"subjects/{_quoted(subject)}", schema)
        if status in (_NOT_FOUND, _INVALID):
            return None
        return self._id(status, answer)

    async def check(self, subject: str, schema: FormattedSchema) -> None:
        """Whether a schema could be registered.

        Raises:
            DestinationRejectedError: the subject's compatibility rule refuses it, or it is invalid.
        """
        reasons = await self._reasons(subject, schema)
        if reasons is not None:
            raise _refusal(subject, reasons or _NO_REASON)

    async def version(
        self, subject: str, version: int, record_format: RecordFormat = "avro"
    ) -> RegisteredSchema:
        """A version of a subject; of an Avro schema, with the schemas that it refers to.

        Raises:
            DestinationRejectedError: the registry does not have it, or it is in another format.
        """
        if record_format == "avro":
            return await self._with_references(subject, version, {})
        what = f"version {version} of subject {subject!r}"
        status, answer = await self._version(subject, version, what)
        if answer.get("schemaType") != _TYPES[record_format] or answer.get("references"):
            raise DestinationRejectedError(
                f"{what} is not a schema of the format {record_format} without references to other "
                "subjects",
                hint="give the text of a schema",
            )
        return RegisteredSchema(subject, self._id(status, answer), self._text(status, answer))

    async def _with_references(
        self, subject: str, version: int, found: dict[tuple[str, int], str]
    ) -> RegisteredSchema:
        """A version, with the texts of the versions that it refers to, which `found` collects."""
        what = f"version {version} of subject {subject!r}"
        status, answer = await self._version(subject, version, what)
        if answer.get("schemaType", "AVRO") != "AVRO":
            raise DestinationRejectedError(
                f"{what} is not an Avro schema", hint="give the text of an Avro schema"
            )
        for each in answer.get("references") or ():
            key = self._reference(status, each)
            if key not in found:
                if len(found) >= _MAX_REFERENCES:
                    raise DestinationRejectedError(
                        f"{what} refers to more than {_MAX_REFERENCES} other schemas"
                    )
                found[key] = ""  # so that a circle ends
                text = (await self._with_references(*key, found)).text
                del found[key]
                found[key] = text
        text, referenced = self._text(status, answer), tuple(found.values())
        return RegisteredSchema(subject, self._id(status, answer), text, referenced)

    def _reference(self, status: int, reference: Any) -> tuple[str, int]:
        """The subject and the version that a schema refers to."""
        match reference:
            case {"subject": str(subject), "version": int(version)}:
                return subject, version
        raise self._not_a_registry(status)

    def _text(self, status: int, answer: dict[str, Any]) -> str:
        text = answer.get("schema")
        if not isinstance(text, str):
            raise self._not_a_registry(status)
        return text

    async def _version(self, subject: str, version: int, what: str) -> tuple[int, dict[str, Any]]:
        status, answer = await self._ask("GET", f"subjects/{_quoted(subject)}/versions/{version}")
        if status in (_NOT_FOUND, _INVALID):
            raise DestinationRejectedError(
                f"the schema registry does not have {what}",
                hint="correct `subject` and `version` of the given schema",
            )
        return status, self._accepted(status, answer)

    async def close(self) -> None:
        """Closes the connections to the registry."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _reasons(self, subject: str, schema: FormattedSchema) -> str | None:
        """Why a schema is not compatible with the versions of a subject; None if it is.

        Some registries give no reasons here: then the text is empty.
        """
        path = f"compatibility/subjects/{_quoted(subject)}/versions/latest?verbose=true"
        status, answer = await self._post(path, schema)
        if status == _NOT_FOUND:
            return None
        if status == _INVALID:
            return str(answer.get("message", ""))
        answer = self._accepted(status, answer)
        if answer.get("is_compatible", True):
            return None
        return "; ".join(map(str, answer.get("messages") or []))

    async def _post(self, path: str, schema: FormattedSchema) -> tuple[int, dict[str, Any]]:
        body: dict[str, Any] = {"schema": schema.text}
        if schema.format != "avro":
            body["schemaType"] = _TYPES[schema.format]
        return await self._ask("POST", path, body)

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """The status and the JSON object of an answer."""
        if time.monotonic() < self._silent_until:
            raise self._unavailable(_NO_ANSWER)
        url = f"{self._settings.url.rstrip('/')}/{path}"
        try:
            client = self._client = self._client or self._new_client()
            headers = {} if body is None else {"Content-Type": _MEDIA_TYPE}
            answer = await client.request(method, url, json=body, headers=headers)
        except httpx.TimeoutException as error:
            await self.close()
            self._silent_until = time.monotonic() + _SILENT_SECONDS
            raise self._unavailable(_NO_ANSWER) from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            await self.close()
            raise self._unavailable(network_error_text(error) or str(error)) from error
        return answer.status_code, self._object(answer)

    def _object(self, answer: httpx.Response) -> dict[str, Any]:
        """The JSON object of an answer; an error may have another content."""
        try:
            found = answer.json()
        except ValueError:
            found = None
        if isinstance(found, dict):
            return found
        if answer.status_code < _BAD_REQUEST:
            raise self._not_a_registry(answer.status_code)
        return {}

    def _id(self, status: int, answer: dict[str, Any]) -> int:
        number = self._accepted(status, answer).get("id")
        if not isinstance(number, int):
            raise self._not_a_registry(status)
        return number

    def _not_a_registry(self, status: int) -> TargetUnavailableError:
        return self._unavailable(f"its answer is not that of a registry (status {status})")

    def _new_client(self) -> httpx.AsyncClient:
        given = self._settings
        login = None if given.username is None else (given.username, given.password or "")
        verify: Any = True
        if given.cafile is not None:
            import ssl

            verify = ssl.create_default_context(cafile=given.cafile)
        return httpx.AsyncClient(auth=login, verify=verify, timeout=_TIMEOUT_SECONDS)

    def _accepted(self, status: int, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer, if the registry gave what was asked for."""
        message = str(answer.get("message", f"status {status}"))
        if status in (401, 403):
            raise DestinationRejectedError(
                f"the schema registry {self._settings.url} rejects the login: {message}",
                hint="check schema_registry_username and schema_registry_password",
            )
        if status >= _BAD_REQUEST:
            raise self._unavailable(message)
        return answer

    def _unavailable(self, reason: str) -> TargetUnavailableError:
        return TargetUnavailableError(
            f"the schema registry {self._settings.url} is not available: {reason}",
            hint="check schema_registry_url; Eventer keeps trying",
        )


def _refusal(subject: str, reason: str) -> DestinationRejectedError:
    return DestinationRejectedError(
        f"the schema registry rejects the schema of subject {subject!r}: {reason}",
        hint="choose another topic, or change the compatibility rule of the subject",
    )


def _quoted(subject: str) -> str:
    return quote(subject, safe="")
