"""Answers: how they become what a WSGI server takes."""

from __future__ import annotations

from typing import Any

from pyrophone.http.answers import Answer, RequestError, send


def sent(answer: Answer, *, body: bool = True) -> tuple[list[Any], list[bytes]]:
    """Return what *answer* starts with, and its body."""
    started: list[Any] = []
    chunks = send(answer, (("X-All", "1"),), lambda *what: started.append(what), body=body)
    return started, list(chunks)


def test_own_headers_stand_before_the_common_ones() -> None:
    answer = Answer("200 OK", "text/x", b"yes", headers=(("X-Own", "2"),))
    headers = [("Content-Type", "text/x"), ("X-Own", "2"), ("X-All", "1")]
    assert sent(answer) == ([("200 OK", headers)], [b"yes"])


def test_without_a_type_none_is_named_and_an_empty_body_is_nothing() -> None:
    assert sent(Answer("302 Found", None)) == ([("302 Found", [("X-All", "1")])], [])


def test_a_body_that_is_not_sent_is_measured() -> None:
    headers = [("Content-Type", "text/plain"), ("X-All", "1"), ("Content-Length", "3")]
    assert sent(Answer("200 OK", body=b"yes"), body=False) == ([("200 OK", headers)], [])


def test_an_error_says_its_status_unless_it_has_more_to_say() -> None:
    assert RequestError("408 Request Timeout").answer.body == b"408 Request Timeout"
    assert RequestError("404 Not Found", "gone").answer == Answer(
        "404 Not Found", body=b"gone"
    )
