"""The rules of the layer table hold, and each of them bites."""

from __future__ import annotations

import graphlib
from pathlib import Path

import pytest

from layers import (
    RULES,
    Module,
    compat_uses_public_names,
    find,
    graph,
    read,
    read_all,
)

ROOT = Path(__file__).parent.parent
FILES = find(ROOT / "src")


@pytest.fixture(scope="module")
def library() -> dict[str, Module]:
    return read_all(ROOT / "src")


@pytest.mark.parametrize("name", FILES)
def test_modules_keep_the_rules(name: str) -> None:
    assert complaints(read(name, FILES)) == []


def test_no_module_imports_itself_in_a_circle(library: dict[str, Module]) -> None:
    graphlib.TopologicalSorter(graph(library)).prepare()


def test_compatibility_packages_use_what_is_documented(library: dict[str, Module]) -> None:
    for folder in sorted(ROOT.glob("compat/*/src")):
        package = read_all(folder)
        assert package
        assert list(compat_uses_public_names(package.values(), library)) == []


def complaints(module: Module) -> list[str]:
    """Return what all rules say of a module."""
    return [complaint for rule in RULES for complaint in rule(module)]


KNOWN = ["pyrophone.errors", "pyrophone.serializers.base", "pyrophone.serializers.json"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pyrophone.uri", "from .errors import InvalidURIError"),
        ("pyrophone.wire.client", "from .. import errors\nfrom . import framing"),
        (
            "pyrophone.wire.client",
            "if TYPE_CHECKING:\n from ..serializers.base import Serializer",
        ),
        ("pyrophone.settings", "if TYPE_CHECKING:\n import ssl"),
        ("pyrophone.serializers.json", "import json\nfrom .base import Serializer"),
        (
            "pyrophone.naming.serve",
            "from pyrophone import expose\nfrom ..sync import Daemon",
        ),
        ("pyrophone.net.sockets", "import socket, time"),
        ("pyrophone.serializers.classes", "def f():\n import numpy"),
        (
            "pyrophone.uri",
            "__all__ = ['URI']\n_KINDS = {'a': 1}\nword: str = 'x'\nNAMES: list[str]",
        ),
        ("pyrophone.uri", "def f():\n found = []"),
    ],
)
def test_what_keeps_the_rules_passes(name: str, text: str) -> None:
    assert complaints(Module(name, text, known=KNOWN)) == []


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        (
            "pyrophone.wire.client",
            "from ..sync import Daemon",
            "wire must not know pyrophone.sync.Daemon",
        ),
        (
            "pyrophone.sync.client",
            "import pyrophone.aio.client",
            "sync must not know pyrophone.aio.client",
        ),
        (
            "pyrophone.wire.client",
            "from ..serializers import base",
            "wire must not know pyrophone.serializers.base",
        ),
        (
            "pyrophone.uri",
            "from pyrophone import expose",
            "uri must not know pyrophone.expose",
        ),
        (
            "pyrophone.uri",
            "if TYPE_CHECKING:\n from .wire import framing",
            "uri must not know pyrophone.wire.framing",
        ),
        (
            "pyrophone.wire.client",
            "if TYPE_CHECKING: pass\nelse: from .. import aio",
            "wire must not know pyrophone.aio",
        ),
        (
            "pyrophone.uri",
            "from .unheard import of",
            "uri must not know pyrophone.unheard.of",
        ),
        ("pyrophone.unheard", "", "its part has no row in the table"),
        (
            "pyrophone.cli.main",
            "from ..sync.client import Proxy",
            "pyrophone.sync.client.Proxy: a front-end is used through its public names",
        ),
        (
            "pyrophone.serializers.msgpack",
            "from . import json",
            "msgpack must not know pyrophone.serializers.json",
        ),
        (
            "pyrophone.serializers.msgpack",
            "from .json import dumps",
            "msgpack must not know pyrophone.serializers.json.dumps",
        ),
        (
            "pyrophone.objects.table",
            "from threading import Lock",
            "objects is pure and must not import threading.Lock",
        ),
        ("pyrophone.finding", "import time", "finding is pure and must not import time"),
        (
            "pyrophone.aio.client",
            "async def f():\n import json",
            "import of json hides in a function",
        ),
        (
            "pyrophone.sync.client",
            "class A:\n def f(self):\n  from .. import errors",
            "import of pyrophone.errors hides in a function",
        ),
        (
            "pyrophone.serializers.msgpack",
            "def f():\n import msgpack",
            "import of msgpack hides in a function",
        ),
        ("pyrophone.cli.main", "import Pyro5.api", "Pyro5.api has no place in the library"),
        (
            "pyrophone.objects.calls",
            "from pickle import loads",
            "pickle.loads has no place in the library",
        ),
        (
            "pyrophone.uri",
            "cache: dict[str, str] = {}",
            "cache is a mutable value in a module",
        ),
        (
            "pyrophone.uri",
            "a = b = collections.deque()",
            "a is a mutable value in a module",
        ),
        (
            "pyrophone.uri",
            "squares = [n * n for n in range(9)]",
            "squares is a mutable value in a module",
        ),
        ("pyrophone.uri", "def f():\n global count", "global count"),
    ],
)
def test_what_breaks_a_rule_is_found(name: str, text: str, complaint: str) -> None:
    assert complaint in complaints(Module(name, text, known=KNOWN))


def test_a_circle_is_found_through_imports_for_types_too() -> None:
    known = ["pyrophone.wire.a", "pyrophone.wire.b"]
    a = Module(known[0], "from . import b", known=known)
    b = Module(known[1], "if TYPE_CHECKING:\n from .a import A", known=known)
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter(graph({a.name: a, b.name: b})).prepare()


def test_relative_imports_count_from_the_package(tmp_path: Path) -> None:
    folder = tmp_path / "pyrophone" / "sync"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("from .client import Proxy\nfrom ..errors import E")
    (folder / "client.py").write_text("from . import drive\nfrom ..errors import E")
    modules = read_all(tmp_path)
    assert {name: [*map(str, module.imports)] for name, module in modules.items()} == {
        "pyrophone.sync": ["pyrophone.sync.client.Proxy", "pyrophone.errors.E"],
        "pyrophone.sync.client": ["pyrophone.sync.drive", "pyrophone.errors.E"],
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from pyrophone.sync import Daemon as Base\nclass Daemon(Base): pass", []),
        ("import pyrophone.sync as s\ns.Daemon", []),
        ("class D:\n def f(self): self._own = 1; return self._own", []),
        (
            "from pyrophone import sync\nsync.hidden",
            ["pyrophone.sync.hidden is not in __all__"],
        ),
        (
            "import pyrophone.sync\npyrophone.sync.hidden",
            ["pyrophone.sync.hidden is not in __all__"],
        ),
        ("from pyrophone.sync import hidden", ["pyrophone.sync.hidden is not in __all__"]),
        ("from pyrophone.sync import _inner", ["pyrophone.sync._inner is private"]),
        ("import pyrophone._sync", ["pyrophone._sync is private"]),
        ("from pyrophone.gone import Daemon", ["pyrophone.gone is not there"]),
        ("from pyrophone.sync import Daemon as D\nD._any", ["D._any is private"]),
        ("class D:\n def f(self): return self._workers", ["self._workers is private"]),
    ],
)
def test_compatibility_packages_are_held_to_what_is_documented(
    text: str, expected: list[str]
) -> None:
    sync = "hidden = 1\n__all__ = ['Daemon']\nclass D:\n def f(self): self._workers = 1"
    library = {
        "pyrophone": Module("pyrophone", "", package=True),
        "pyrophone.sync": Module("pyrophone.sync", sync, package=True),
    }
    module = Module("Pyro5.server", text, known=library)
    expected = [f"Pyro5.server: {complaint}" for complaint in expected]
    assert list(compat_uses_public_names([module], library)) == expected
