"""What is answered to a request, before it is sent."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

__all__ = [
    "HTML",
    "JSON",
    "TEXT",
    "Answer",
    "Environ",
    "RequestError",
    "StartResponse",
    "send",
]

TEXT = "text/plain"
HTML = "text/html"  # the page says in what it is written
JSON = "application/json; charset=utf-8"

Environ: TypeAlias = dict[str, Any]
StartResponse: TypeAlias = Callable[[str, list[tuple[str, str]]], Any]
Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True)
class Answer:
    """Status, headers and body of a response.

    Attributes:
        status: Number and words, ``200 OK``.
        kind: Media type of the body, None to name none.
        body: The bytes.
        headers: Those of this answer alone, behind its type.
    """

    status: str
    kind: str | None = TEXT
    body: bytes = b""
    headers: Headers = ()


class RequestError(Exception):
    """The request can't be carried out as it is.

    Attributes:
        answer: What to say.
    """

    def __init__(self, status: str, text: str = "", headers: Headers = ()) -> None:
        super().__init__(status)
        body = (text or status).encode()
        self.answer = Answer(status, body=body, headers=headers)


def send(
    answer: Answer, common: Headers, start_response: StartResponse, *, body: bool = True
) -> Iterable[bytes]:
    """Hand *answer* to a WSGI server; return what the application returns.

    Args:
        answer: The answer.
        common: Headers to put behind its own.
        start_response: As the server gave it.
        body: Whether to send the body, or just its length.
    """
    headers = [("Content-Type", answer.kind)] if answer.kind else []
    headers += [*answer.headers, *common]
    if not body:
        headers.append(("Content-Length", str(len(answer.body))))
    start_response(answer.status, headers)
    return [answer.body] if body and answer.body else []
