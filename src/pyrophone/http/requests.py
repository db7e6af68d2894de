"""Reading a request: its path, its parameters, its key."""

from __future__ import annotations

import hmac
import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from .answers import Environ, RequestError

__all__ = [
    "KEY",
    "correlation_of",
    "has_key",
    "one_way_wanted",
    "path_of",
    "read_body",
    "read_query",
]

KEY = "$key"  # the parameter that holds the key, where no header can be sent

_MOST_FIELDS = 1000
_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"


def path_of(environ: Environ) -> str:
    """Return the path that is asked for, as text."""
    path = str(environ.get("PATH_INFO", ""))
    try:
        return path.encode("latin-1").decode("utf-8")  # WSGI has its bytes as latin-1
    except UnicodeError:
        return path


def read_query(environ: Environ) -> dict[str, Any]:
    """Return the parameters of the query: a text each, a list if there are several.

    Raises:
        RequestError: There are too many.
    """
    return _fields(str(environ.get("QUERY_STRING", "")))


def read_body(environ: Environ, limit: int) -> dict[str, Any] | None:
    """Return the parameters in the body, None if it has a type that holds none.

    Args:
        environ: The request. A form has them as the query does, a JSON object as
            its members.
        limit: Bytes to read at most.

    Raises:
        RequestError: It is too long, ends early, or is not what it says it is.
    """
    data = _body(environ, limit)
    kind = str(environ.get("CONTENT_TYPE") or "").partition(";")[0].strip().lower()
    if not data:
        return {}
    if kind == _FORM:
        return _fields(data.decode("utf-8", "replace"))
    if kind == _JSON:
        return _members(data)
    return None


def has_key(environ: Environ, given: Any, key: bytes) -> bool:
    """Tell whether a request has the *key*; how long that takes says nothing.

    Args:
        environ: The request; a header counts before a parameter.
        given: What the parameter was, a list if there were several.
        key: The right one.
    """
    header = environ.get("HTTP_X_PYRO_GATEWAY_KEY")
    if header:
        return hmac.compare_digest(str(header).encode("latin-1", "replace"), key)
    texts = given if isinstance(given, list) else [given]
    results = [
        isinstance(text, str) and hmac.compare_digest(text.encode("utf-8", "replace"), key)
        for text in texts
    ]
    return bool(results) and all(results)


def one_way_wanted(environ: Environ) -> bool:
    """Tell whether the options ask for a one-way call."""
    options = str(environ.get("HTTP_X_PYRO_OPTIONS", ""))
    return "oneway" in [option.strip().lower() for option in options.split(",")]


def correlation_of(environ: Environ) -> uuid.UUID:
    """Return the correlation id that came with a request, or a new one.

    Raises:
        ValueError: What came is none.
    """
    given = environ.get("HTTP_X_PYRO_CORRELATION_ID")
    return uuid.UUID(str(given)) if given else uuid.uuid4()


def _fields(text: str) -> dict[str, Any]:
    try:
        fields: Mapping[str, list[str]] = parse_qs(text, max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise RequestError("400 Bad Request", f"400 Bad Request - {error}") from None
    return {
        key: values[0] if len(values) == 1 else values for key, values in fields.items()
    }


def _members(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        problem = str(error) or type(error).__name__
        raise RequestError(
            "400 Bad Request", f"400 Bad Request - body is no JSON: {problem}"
        ) from None
    if not isinstance(value, dict):
        raise RequestError(
            "400 Bad Request", "400 Bad Request - body is JSON, but no object"
        )
    return value


def _body(environ: Environ, limit: int) -> bytes:
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise RequestError(
            "400 Bad Request", "400 Bad Request - the content length is no number"
        ) from None
    if length > limit:
        raise RequestError(
            "413 Content Too Large", f"413 Content Too Large - limit is {limit} bytes"
        )
    source = environ.get("wsgi.input")
    if length <= 0 or source is None:
        return b""
    try:
        data = source.read(length)
    except OSError:  # a time-out too
        raise RequestError("408 Request Timeout") from None
    if len(data) < length:
        raise RequestError("400 Bad Request", "400 Bad Request - the body ends early")
    return data if isinstance(data, bytes) else bytes(str(data), "utf-8")
