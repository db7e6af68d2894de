"""The gateway's page, as text; how it looks and works is in compat/pyro5/tests."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from pyrophone.http.page import render

EVIL = '"><script>alert(1)</script><a name="&amp;'


class Reader(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Any]]] = []
        self.texts: dict[str, list[str]] = {}
        self.feed(page.decode())

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.texts.setdefault(self.tags[-1][0] if self.tags else "", []).append(data)

    def all(self, tag: str) -> list[dict[str, Any]]:
        """Return the attributes of each such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def page(names: list[str] | None, **more: Any) -> Reader:
    """Return a page that was read."""
    return Reader(render(names, **{"where": "localhost:9090", "expose": "x", **more}))


def test_names_are_listed_in_order_up_to_a_limit() -> None:
    found = page([f"x{n:04}" for n in range(501)])
    shown = [each["data-name"] for each in found.all("details")]
    assert shown == [f"x{n:04}" for n in range(500)]
    assert "... and 1 more." in found.texts["p"]
    assert "... and" not in render(["x"] * 500, where="", expose="").decode()


def test_nothing_that_is_put_in_becomes_markup() -> None:
    plain, evil = page(["x"]), page([EVIL], where=EVIL, expose=EVIL)
    assert [tag for tag, _ in evil.tags] == [tag for tag, _ in plain.tags]
    assert evil.all("details") == [{"class": "object", "data-name": EVIL}]
    assert EVIL in evil.texts["summary"]
    assert evil.texts["code"].count(EVIL) == 2


def test_the_ids_that_programs_and_people_know_are_there() -> None:
    ids = {attributes.get("id") for _, attributes in page([]).tags}
    assert {"pyro_call", "pyro_response", "objects", "call"} <= ids
    assert "No name that matches is registered." in page([]).texts["p"]


def test_a_key_is_asked_for_where_it_is_needed_and_nothing_told_without() -> None:
    ids = {attributes.get("id") for _, attributes in page(["x"]).tags}
    assert not {"key", "locked"} & ids
    found = page(None, needs_key=True, where="secret:1")
    ids = {attributes.get("id") for _, attributes in found.tags}
    assert {"key", "locked"} <= ids
    assert b"secret" not in render(None, where="secret", expose="secret", needs_key=True)


def test_its_policy_lets_just_its_own_script_and_style_run() -> None:
    text = render(["x"], where="", expose="").decode()
    policy = page([]).all("meta")[1]["content"]
    for tag in ("script", "style"):
        [inner] = re.findall(f"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"\bon\w+=|style=|src=|https?://", text)


@pytest.mark.parametrize("name", ["test.echoserver", "Pyro.NameServer"])
def test_examples_are_shown_for_objects_that_are_there(name: str) -> None:
    links = [each["href"] for each in page([name]).all("a")]
    assert len(links) == 2
    assert all(link.startswith(f"{name}/") for link in links)
    assert page(["http.x"]).all("a") == []
