"""Sessions of browsers: a signed cookie that replaces a token.

The cookie names a right and its end, signed with the token that gave it: it reveals nothing about
the token, and it is void as soon as the token changes. The service keeps no state for it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Final, Literal, TypeAlias

from eventer.settings.model import Settings

Right: TypeAlias = Literal["write", "read"]

COOKIE: Final = "eventer_session"
LIFETIME_SECONDS: Final = 12 * 3_600


def token_rights(settings: Settings) -> Mapping[bytes, Right]:
    """The right of each token; empty if no token is set. A read token alone has no effect."""
    if settings.token is None:
        return {}
    rights: dict[bytes, Right] = {}
    if settings.read_token is not None:
        rights[settings.read_token.get_secret_value().encode()] = "read"
    rights[settings.token.get_secret_value().encode()] = "write"
    return rights


def right_of_token(given: bytes, settings: Settings) -> Right | None:
    """The right that a token gives.

    Compares all tokens in constant time: the time must not reveal anything about them.
    """
    rights = token_rights(settings).items()
    matches = [right for token, right in rights if hmac.compare_digest(given, token)]
    return matches[-1] if matches else None


def session_value(right: Right, settings: Settings, now: float) -> str:
    """The value of the cookie for a new session that begins at `now` (seconds since 1970)."""
    end = int(now) + LIFETIME_SECONDS
    (token,) = [token for token, each in token_rights(settings).items() if each == right]
    return f"{right}.{end}.{_signature(right, end, token)}"


def right_of_session(value: str, settings: Settings, now: float) -> Right | None:
    """The right of a session cookie; None if it is not valid at `now` (seconds since 1970)."""
    name, _, rest = value.partition(".")
    end, _, signature = rest.partition(".")
    if not (end.isascii() and end.isdecimal() and len(end) < 20 and int(end) > now):
        return None
    for token, right in token_rights(settings).items():
        valid = hmac.compare_digest(_signature(right, int(end), token), _ascii(signature))
        if right == name and valid:
            return right
    return None


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()


def _signature(right: str, end: int, token: bytes) -> str:
    return hmac.new(token, f"eventer session {right} {end}".encode(), sha256).hexdigest()


def cookie_of(header: str) -> str:
    """The session in a `Cookie` header; empty if there is none."""
    try:
        cookies = SimpleCookie(header)
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""
