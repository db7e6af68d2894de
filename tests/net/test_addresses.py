"""Hosts and addresses."""

from __future__ import annotations

import pytest

from pyrophone import URI
from pyrophone.net.addresses import (
    advertised,
    facing,
    is_everywhere,
    is_loopback,
    location,
)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.8.7", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("lab.example", False),
        ("", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [("", True), ("0.0.0.0", True), ("::", True), ("127.0.0.1", False), ("lab", False)],
)
def test_everywhere(host: str, expected: bool) -> None:
    assert is_everywhere(host) is expected


def test_the_address_that_faces_the_loopback_is_the_loopback() -> None:
    assert facing("127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize(
    ("peer", "own"), [("255.255.255.255", "127.0.0.1"), ("ff0e::1%nowhere", "::1")]
)
def test_without_a_route_it_is_the_loopback(peer: str, own: str) -> None:
    assert facing(peer) == own


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert location("::1", 5) == "[::1]:5"
    assert location("lab", 5) == "lab:5"


@pytest.mark.parametrize(
    ("host", "public", "shown"),
    [
        ("lab", None, "lab:5"),
        ("::1", None, "[::1]:5"),
        ("", "nat.example", "nat.example:5"),
        ("127.0.0.1", "nat.example:7", "nat.example:7"),
        ("127.0.0.1", "2001:db8::5", "[2001:db8::5]:5"),
        ("127.0.0.1", "[2001:db8::5]", "[2001:db8::5]:5"),
        ("127.0.0.1", "[2001:db8::5]:7", "[2001:db8::5]:7"),
    ],
)
def test_what_others_are_told(host: str, public: str | None, shown: str) -> None:
    uri = advertised(host, 5, public)
    assert isinstance(uri, URI)
    assert uri.location == shown
