"""The real Pyro5, its client and its tool ``nsc``, with our name server.

``client.value("...")`` is what the expression gives in the process of the real one, where
``names`` is its proxy for our name server.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pyrophone.naming.server import NameServer
from pyrophone.naming.storage import MemoryStorage
from pyrophone.sync import Daemon
from running import running

if TYPE_CHECKING:
    from peers import Peer

pytestmark = pytest.mark.peers

OWN_TAG = "class:Pyro5.nameserver.NameServer"


@pytest.fixture
def compression() -> bool:
    """Off."""
    return False


@pytest.fixture
def names_port() -> Iterator[int | None]:
    """The port of a name server of ours, on its own."""
    with running(Daemon()) as daemon:
        names = NameServer(MemoryStorage())
        uri = daemon.register(names, "Pyro.NameServer")
        names.register("Pyro.NameServer", uri, metadata={OWN_TAG})
        yield uri.port


@pytest.fixture
def client(client: Peer, names_port: int, serializer: str) -> Peer:
    """The real one, with a proxy for our name server in ``names``."""
    client.run(f"config.SERIALIZER = {serializer!r}\nconfig.NS_PORT = {names_port}")
    client.run("names = locate_ns(broadcast=False)")
    return client


PLAIN = "{name: (str(entry[0]), set(entry[1])) for name, entry in %s.items()}"


def test_the_real_one_locates_us(client: Peer, names_port: int) -> None:
    assert client.value("names.ping()") is None
    assert client.value("names.count()") == 1
    uri = f"PYRO:Pyro.NameServer@localhost:{names_port}"
    assert client.value("names.list()") == {"Pyro.NameServer": uri}
    assert client.value(f"locate_ns('127.0.0.1', {names_port}).count()") == 1
    assert client.value("sorted(names._pyroMethods)") == [
        "count",
        "list",
        "lookup",
        "ping",
        "register",
        "remove",
        "set_metadata",
        "yplookup",
    ]


def test_a_registered_name_is_looked_up(client: Peer) -> None:
    client.run("names.register('a.one', 'PYRO:one@localhost:1111')")
    client.run("names.register('a.two', URI('PYRO:two@localhost:2222'))")
    assert client.value("str(names.lookup('a.one'))") == "PYRO:one@localhost:1111"
    assert (
        client.value("names.lookup(name='a.two') == URI('PYRO:two@localhost:2222')") is True
    )
    assert client.value("names.count()") == 3


def test_an_unknown_name_is_an_error(client: Peer) -> None:
    failed = client.failure("names.lookup('a.none')")
    assert failed.name == "Pyro5.errors.NamingError"
    assert failed.text.startswith("unknown name: a.none")
    assert client.value("names.count()") == 1


def test_a_safe_registration_does_not_replace(client: Peer) -> None:
    client.run("names.register('a', 'PYRO:one@localhost:1111')")
    failed = client.failure("names.register('a', 'PYRO:two@localhost:2222', safe=True)")
    assert failed.name == "Pyro5.errors.NamingError"
    assert failed.text.startswith("name already registered: a")
    client.run("names.register('a', 'PYRO:two@localhost:2222')")
    assert client.value("str(names.lookup('a'))") == "PYRO:two@localhost:2222"


def test_wrong_arguments_are_refused(client: Peer) -> None:
    failed = client.failure("names.register('a', 'nonsense')")
    assert failed.name == "Pyro5.errors.PyroError"
    assert "invalid uri" in failed.text
    for call in (
        "names.register('a', 5)",
        "names.register(5, 'PYRO:one@localhost:1111')",
        "names.register('a', 'PYRO:one@localhost:1111', metadata='red')",
        "names.yplookup(meta_all='red')",
    ):
        assert client.failure(call).name == "builtins.TypeError", call
    assert client.value("names.count()") == 1


def test_names_are_listed_by_prefix_and_by_pattern(client: Peer) -> None:
    client.run(
        "for name in ('a.one', 'a.two', 'b.one'):\n"
        "    names.register(name, f'PYRO:{name}@localhost:1111')"
    )
    assert client.value("sorted(names.list(prefix='a.'))") == ["a.one", "a.two"]
    assert client.value(r"sorted(names.list(regex='.*\\.one'))") == ["a.one", "b.one"]
    failed = client.failure("names.list(regex='(')")
    assert failed.name == "Pyro5.errors.NamingError"
    assert "invalid regex" in failed.text
    assert client.failure("names.list(prefix='a', regex='b')").name == "builtins.ValueError"
    assert client.value("names.count()") == 4


def test_names_are_removed(client: Peer) -> None:
    client.run(
        "for name in ('a.one', 'a.two', 'b.one'):\n"
        "    names.register(name, f'PYRO:{name}@localhost:1111')"
    )
    assert client.value("names.remove('a.none')") == 0
    assert client.value("names.remove('a.one')") == 1
    assert client.value("names.remove(regex='b.*')") == 1
    assert client.value("names.remove(prefix='a.')") == 1
    assert client.value("names.remove('Pyro.NameServer')") == 0
    assert client.value("names.count()") == 1


def test_tags_are_kept_and_replaced(client: Peer) -> None:
    """With marshal too, where the real server can't write them beside a URI."""
    client.run("names.register('a', 'PYRO:one@localhost:1111', metadata={'red', 'round'})")
    client.run("uri, tags = names.lookup('a', return_metadata=True)")
    assert client.value("str(uri), set(tags)") == (
        "PYRO:one@localhost:1111",
        {"red", "round"},
    )
    client.run("names.set_metadata('a', {'blue'})")
    assert client.value(PLAIN % "names.list(prefix='a', return_metadata=True)") == {
        "a": ("PYRO:one@localhost:1111", {"blue"})
    }
    failed = client.failure("names.set_metadata('none', {'blue'})")
    assert failed.name == "Pyro5.errors.NamingError"
    assert failed.text.startswith("unknown name: none")
    assert client.value("names.count()") == 2


def test_a_list_with_tags_may_hold_names_without(client: Peer, names_port: int) -> None:
    """The real server fails here with json and msgpack (D13)."""
    client.run("names.register('a', 'PYRO:one@localhost:1111')")
    assert client.value(PLAIN % "names.list(return_metadata=True)") == {
        "Pyro.NameServer": (f"PYRO:Pyro.NameServer@localhost:{names_port}", {OWN_TAG}),
        "a": ("PYRO:one@localhost:1111", set()),
    }


def test_names_are_found_by_their_tags(client: Peer) -> None:
    client.run("names.register('a', 'PYRO:one@localhost:1111', metadata=['red', 'round'])")
    client.run("names.register('b', 'PYRO:two@localhost:2222', metadata={'red'})")
    by_tag = "names.yplookup(meta_all={'red'}, return_metadata=False)"
    assert client.value(f"sorted({by_tag})") == ["a", "b"]
    assert client.value(PLAIN % "names.yplookup(meta_all={'red', 'round'})") == {
        "a": ("PYRO:one@localhost:1111", {"red", "round"})
    }
    assert client.value("sorted(names.yplookup(meta_any=['round', 'square']))") == ["a"]
    assert client.value("names.yplookup(meta_all={'square'})") == {}
    failed = client.failure("names.yplookup(meta_all={'red'}, meta_any={'red'})")
    assert failed.name == "builtins.ValueError"


# URIs of names and tags.


def test_an_object_of_the_real_one_is_found_by_name(client: Peer, names_port: int) -> None:
    client.run("uri = serve(host='localhost').register(Thing())\nnames.register('a', uri)")
    for text in ("PYRONAME:a", f"PYRONAME:a@localhost:{names_port}"):
        assert client.value(f"Proxy({text!r}).add(1, 2)") == 3
    assert client.value("str(resolve('PYRONAME:a')) == str(uri)") is True
    failed = client.failure("Proxy('PYRONAME:none').add(1, 2)")
    assert failed.name == "Pyro5.errors.NamingError"
    assert failed.text.startswith("unknown name: none")


def test_an_object_of_the_real_one_is_found_by_tags(client: Peer) -> None:
    client.run("uri = serve(host='localhost').register(Thing())")
    client.run("names.register('a', uri, metadata={'adds', 'fast'})")
    client.run("names.register('b', 'PYRO:nobody@localhost:1', metadata={'adds'})")
    assert client.value("Proxy('PYROMETA:adds,fast').add(1, 2)") == 3
    failed = client.failure("Proxy('PYROMETA:adds,slow').add(1, 2)")
    assert failed.name == "Pyro5.errors.NamingError"


# The tool of the real one; it uses serpent.


@pytest.fixture
def nsc(peer_python: Path, names_port: int) -> Callable[..., str]:
    """Runs ``nsc`` with our name server; gives what it prints."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYRO")}

    def run(*arguments: str) -> str:
        where = ("-n", "localhost", "-p", str(names_port))
        return subprocess.run(
            [peer_python, "-m", "Pyro5.nsc", *where, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=own,
        ).stdout

    return run


@pytest.mark.slow
def test_nsc_lists_names_and_tags(nsc: Callable[..., str], names_port: int) -> None:
    registered = nsc("register", "example.greeting", "PYRO:obj_1@localhost:44687")
    assert registered == "Registered example.greeting\n"
    assert nsc("list") == (
        "--------START LIST \n"
        f"Pyro.NameServer --> PYRO:Pyro.NameServer@localhost:{names_port}\n"
        f"    metadata: {{'{OWN_TAG}'}}\n"
        "example.greeting --> PYRO:obj_1@localhost:44687\n"
        "--------END LIST \n"
    )
    assert nsc("list", "example.") == (
        "--------START LIST - prefix 'example.'\n"
        "example.greeting --> PYRO:obj_1@localhost:44687\n"
        "--------END LIST - prefix 'example.'\n"
    )


@pytest.mark.slow
def test_nsc_does_all_the_rest(nsc: Callable[..., str]) -> None:
    assert nsc("ping") == "Name server ping ok.\n"
    assert nsc("register", "a", "PYRO:one@localhost:1111") == "Registered a\n"
    assert nsc("setmeta", "a", "red") == "Metadata updated\n"
    assert nsc("lookup", "a") == "PYRO:one@localhost:1111\nmetadata: {'red'}\n"
    for command in (
        ("listmatching", "a"),
        ("yplookup_all", "red"),
        ("yplookup_any", "red"),
    ):
        lines = nsc(*command).splitlines()
        assert lines[1:-1] == ["a --> PYRO:one@localhost:1111", "    metadata: {'red'}"]
    assert nsc("setmeta", "a") == "Metadata cleared\n"
    assert nsc("lookup", "a") == "PYRO:one@localhost:1111\n"
    assert nsc("remove", "a") == "Removed a\n"
    assert nsc("remove", "a") == "Nothing removed\n"
