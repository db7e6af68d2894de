"""Name servers of old packages start, say where they are, and end."""

from __future__ import annotations

import re
from typing import Any

import pytest

from Pyro5 import errors
from Pyro5.generation import PYRO5
from Pyro5.nameserver import BroadcastServer, NameServer
from Pyro5.server import Daemon
from pyrophone.classic import nameservers

TAG = "class:test.NameServer"


class NamingDaemon(nameservers.NamesDaemon, Daemon):
    """Has what the module wants."""

    def __init__(self, *where: Any) -> None:
        self.nameserver: Any = NameServer()
        self.cleaner_thread: Any = Cleaner()
        super().__init__(*where)


class Cleaner:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def start(self) -> None:
        """Be started."""
        self.told.append("start")

    def end(self) -> None:
        """Be ended."""
        self.told.append("end")


def test_it_knows_itself_until_it_ends() -> None:
    with NamingDaemon() as daemon:
        names, cleaner = daemon.nameserver, daemon.cleaner_thread
        nameservers.begin(PYRO5, daemon, TAG, cleaner)
        uri, tags = names.lookup("Pyro.NameServer", True)
        assert (uri.location, tags) == (daemon.locationStr, {TAG})
        with pytest.raises(errors.NamingError, match="already registered"):
            names.register("Pyro.NameServer", "PYRO:x@h:1")
    assert (daemon.nameserver, daemon.cleaner_thread) == (None, None)
    assert cleaner.told == ["start", "end"]


@pytest.mark.parametrize(
    ("where", "wanted", "expected"),
    [
        (
            ("127.0.0.1",),
            True,
            """Not starting broadcast server for localhost.
NS running on 127.0.0.1:# (127.0.0.1)
careful
URI = PYRO:Pyro.NameServer@127.0.0.1:#""",
        ),
        (
            ("0.0.0.0", 0, None, "n", 7),
            True,
            """Broadcast server running on 127.0.0.1:#
NS running on 0.0.0.0:# (0.0.0.0)
careful
internal URI = PYRO:Pyro.NameServer@0.0.0.0:#
external URI = PYRO:Pyro.NameServer@n:7""",
        ),
        (
            ("127.0.0.1",),
            False,
            """Not starting broadcast server for localhost.
NS running on 127.0.0.1:# (127.0.0.1)
careful
URI = PYRO:Pyro.NameServer@127.0.0.1:#""",
        ),
        (
            (None, 0, "names.sock"),
            True,
            """NS running on ./u:names.sock (Unix domain socket)
careful
URI = PYRO:Pyro.NameServer@./u:names.sock""",
        ),
    ],
)
def test_a_console_shows_where_it_is(
    where: Any,
    wanted: bool,
    expected: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Any,
) -> None:
    monkeypatch.chdir(tmp_path)
    daemon = NamingDaemon(*where)
    nameservers.begin(PYRO5, daemon, TAG, None)
    broadcasts: Any = None
    if wanted:
        broadcasts = nameservers.make_broadcasts(daemon, BroadcastServer, "127.0.0.1", 0)
    served = []
    nameservers.run(daemon, broadcasts, lambda: served.append(1), "careful")
    assert served == [1]
    out = re.sub(r":\d{4,}\b", ":#", capsys.readouterr().out)
    assert out == f"{expected}\nNS shut down.\n"


def test_who_asks_by_broadcast_can_be_at_any_interface() -> None:
    with NamingDaemon("0.0.0.0") as daemon:
        nameservers.begin(PYRO5, daemon, TAG, None)
        with nameservers.make_broadcasts(daemon, BroadcastServer, None, 0) as broadcasts:
            assert broadcasts.nsUri.host == "0.0.0.0"


def test_ctrl_c_is_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    daemon = NamingDaemon()
    nameservers.begin(PYRO5, daemon, TAG, None)
    nameservers.run(daemon, None, interrupted)
    assert capsys.readouterr().out.endswith("NS shut down.\n")


def test_what_cannot_listen_leaves_nothing_behind() -> None:
    daemon = NamingDaemon("0.0.0.0")
    with pytest.raises(OverflowError, match="port"):
        nameservers.make_broadcasts(daemon, BroadcastServer, None, -1)
    with pytest.raises(errors.PyroError, match="reuse"):
        daemon.__enter__()
