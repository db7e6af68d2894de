"""The daemon: objects of this process that others may call."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from typing import Any

from pyrophone.classic import serving as classic
from pyrophone.context import serving
from pyrophone.errors import ProtocolError, SecurityError
from pyrophone.objects import control
from pyrophone.wire.events import Greeting
from pyrophone.wire.framing import CONNECT
from pyrophone.wire.server import ServerSession

from .border import translated
from .configuration import config
from .engines import FLEET, is_local
from .exposure import expose
from .locating import locateNS
from .pickles import warn_of_pickles
from .registry import Registry, pyroObjectToAutoProxy
from .serializers import accepted
from .tables import CLASSES, hmac_key

__all__ = ["Daemon", "DaemonObject", "_OnewayCallThread", "pyroObjectToAutoProxy"]

_DAEMON = "Pyro4.core.Daemon"  # on the wire
_HEADER = {48: (24, (12, 16), (18, 20)), 502: (40, (12, 16), (16, 20))}  # sizes in it


@expose
class DaemonObject(control.DaemonObject):
    """The object ``Pyro.Daemon`` of each daemon. Subclasses may expose more.

    Args:
        daemon: Whose it is.
    """

    __module__ = "Pyro4.core"

    def __init__(self, daemon: Daemon) -> None:
        served = daemon.pyroServed
        super().__init__(served.objects, served.streams, served.describe)
        self.daemon = daemon

    def get_metadata(self, objectId: str, as_lists: bool = False) -> Any:
        """Return the members of an object, in sets or in lists.

        Raises:
            DaemonError: There is no such object.
        """
        self.daemon.pyroServed.refresh()
        with translated():
            return super().get_metadata(objectId, as_lists)


class Daemon(Registry, classic.BaseDaemon):
    """Objects of this process that others may call.

    Args:
        host: Where to listen; None is HOST, ``""`` all interfaces.
        port: 0 is any free one.
        unixsocket: Listen at this Unix socket instead.
        nathost: What to put into URIs, behind NAT; None is NATHOST.
        natport: Likewise; None is NATPORT, 0 the port itself.
        interface: Class of the object ``Pyro.Daemon``.
        connected_socket: Serve just this connected socket.

    Attributes:
        locationStr: Where it listens.
        natLocationStr: Where it is from outside, or None.
        transportServer: What serves the clients.
    """

    __module__ = "Pyro4.core"
    pyroFleet = FLEET
    _key: bytes | None = None

    def __init__(
        self,
        host: Any = None,
        port: int = 0,
        unixsocket: str | None = None,
        nathost: str | None = None,
        natport: int | None = None,
        interface: Callable[[Any], Any] = DaemonObject,
        connected_socket: socket.socket | None = None,
    ) -> None:
        accepted(config.SERIALIZERS_ACCEPTED)  # raises before anything is opened
        self._key = hmac_key()
        place: dict[str, Any] = {"sock": connected_socket}
        if connected_socket is None:
            host = config.HOST if host is None else str(host)
            place = {"host": host, "port": port, "unix_socket": unixsocket}
        self._pyroStart(place, nathost, natport)
        served = self.pyroServed
        served.local = is_local(place, self.sock)
        if type(self)._getInstance is not Daemon._getInstance:
            served.objects.instance_of = self._pyroInstanceOf
        try:
            names = [each.name for each in served.codecs.by_id.values()]
            warn_of_pickles(names, None if served.local else str(place.get("host")))
        except BaseException:  # where warnings are errors
            self.close()
            raise
        self._pyroControl(interface)

    def __getstate_for_dict__(self) -> tuple[()]:
        return self.__getstate__()

    def __setstate_from_dict__(self, state: Any) -> None:
        self.__setstate__(state)

    @property
    def _pyroHmacKey(self) -> bytes | None:
        """What all messages are signed with, in both directions; None for no signatures."""
        return self._key

    @_pyroHmacKey.setter
    def _pyroHmacKey(self, key: bytes | str | None) -> None:
        self._key = key.encode("utf-8") if isinstance(key, str) else key or None
        self.pyroServed.rekey()

    # Serving by hand.

    def _pyroReceive(self, conn: Any, kinds: list[int]) -> None:
        """Read one message of *conn*, as far as its header tells."""
        head = conn.recv(24)
        known = _HEADER.get(int.from_bytes(head[4:6], "big"))
        if not head.startswith(b"PYRO") or known is None:
            return  # the session says what is wrong
        size, *fields = known
        if size > len(head):
            head += conn.recv(size - len(head))
        total = sum(int.from_bytes(head[slice(*field)], "big") for field in fields)
        if total and self._pyroIsSound(head, greeted=CONNECT not in kinds):
            conn.recv(total)

    def _pyroIsSound(self, head: bytes, greeted: bool) -> bool:
        """Tell whether to wait for what follows a header; else the session says why not."""
        session = self._pyroSession(head, greeted)
        session.receive(head)
        try:
            session.next()
        except (ProtocolError, SecurityError):
            return False
        return True

    def _pyroSession(self, start: bytes, greeted: bool) -> ServerSession:
        """Return a session in the dialect of a conversation that begins so."""
        served = self.pyroServed
        served.refresh()
        other: ServerSession | None = served.session_for(start, greeted=greeted)
        return other or super()._pyroSession(start, greeted)

    def _pyroDenial(self, session: ServerSession, reason: str, greeting: Greeting) -> bytes:
        """Return the bytes that send away who greets well; everybody reads marshal."""
        return session.refuse(reason, None, self.annotations())

    def _pyroInstanceOf(self, cls: Any, instancing: Any, client: Any) -> Any:
        return self._getInstance(cls, self.pyroKit.connection_of(client))

    @staticmethod
    def serveSimple(
        objects: Mapping[Any, str | None],
        host: Any = None,
        port: int = 0,
        daemon: Any = None,
        ns: bool = True,
        verbose: bool = True,
    ) -> None:
        """Serve *objects* until the program is interrupted.

        Args:
            objects: Names by object or class; None for no name.
            host: Where to listen.
            port: Likewise.
            daemon: The daemon to use, which is closed at the end; else one is made.
            ns: Whether the names go to the name server; else they are the ids.
            verbose: Whether to print what is served.

        Raises:
            NamingError: No name server was found.
        """
        daemon = daemon or Daemon(host, port)
        try:
            names = locateNS() if ns else None
        except BaseException:
            daemon.close()
            raise
        classic.serve(daemon, objects, names, verbose)


class _OnewayCallThread(threading.Thread):
    """Makes one call in a thread of its own, in the context of the one that started it."""

    __module__ = "Pyro4.core"

    def __init__(self, target: Any, args: Any, kwargs: Any) -> None:
        super().__init__(
            target=target, args=args, kwargs=kwargs, name="oneway-call", daemon=True
        )
        self._context = serving.get()

    def run(self) -> None:
        """Make the call; nobody gets the result."""
        serving.set(self._context)
        super().run()


def _form(daemon: Any) -> dict[str, Any]:
    return {"__class__": _DAEMON, "state": ()}


def _unusable(name: str, form: dict[str, Any]) -> Daemon:
    return Daemon.__new__(Daemon)


CLASSES.register(Daemon, _form)
CLASSES.register_name(_DAEMON, _unusable)
