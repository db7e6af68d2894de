"""A thin layer for programs written for Pyro4: import it first, then ``import Pyro4``.

It gives the names of the package itself, respelled for Pyro5. What Pyro5 has no
counterpart for says so when it is used.
"""

from __future__ import annotations

import ipaddress
import sys
import types
from typing import Any

from .. import __version__, client, configure, errors, protocol, server, tracebacks
from .. import core as _core
from .. import serializers as _serializers
from .. import socketutil as _sockets
from ..callcontext import current_context
from ..server import behavior, callback, expose, oneway

__all__ = [
    "URI",
    "Daemon",
    "Future",
    "Proxy",
    "asyncproxy",
    "batch",
    "behavior",
    "callback",
    "config",
    "current_context",
    "errors",
    "expose",
    "locateNS",
    "oneway",
    "resolve",
]

_NO_ASYNC = "async proxy is no longer available in Pyro5"
_NO_HMAC = "hmac_key is no longer available in Pyro5, consider using 2-way SSL instead"


class CompatConfiguration(configure.Configuration):
    """The configuration of Pyro5 itself; items that only Pyro4 had are kept apart."""

    def __init__(self) -> None:
        object.__setattr__(self, "_old", {})

    def __getattribute__(self, name: str) -> Any:
        if name.isupper() and not name.startswith("_"):
            old = object.__getattribute__(self, "_old")
            if name in old and not hasattr(configure.global_config, name):
                return old[name]
            return getattr(configure.global_config, name)
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if hasattr(configure.global_config, name):
            setattr(configure.global_config, name, value)
        else:
            self._old[name] = value

    def asDict(self) -> dict[str, Any]:
        """Return all items and their values."""
        return self.as_dict()


class URI(_core.URI):
    """The address of an object."""


class Proxy(client.Proxy):
    """Stands in for a remote object."""

    def _pyroAsync(self, asynchronous: bool = True) -> Any:
        raise NotImplementedError(_NO_ASYNC)

    @property
    def _pyroHmacKey(self) -> Any:
        raise NotImplementedError("Pyro5 has no hmac keys any more")

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "_pyroHmacKey":
            raise NotImplementedError("Pyro5 has no hmac keys any more")
        super().__setattr__(name, value)


class Daemon(server.Daemon):
    """Objects of this process that others may call."""


class BatchProxy(client.BatchProxy):
    """Collects calls, and makes them in one message."""

    def __call__(self, oneway: bool = False, asynchronous: bool = False) -> Any:
        """Make the calls; return their results."""
        if asynchronous:
            raise NotImplementedError(_NO_ASYNC)
        return super().__call__(oneway)


class Future:
    """What Pyro4 had for calls that are made later."""

    def __init__(self, *args: Any) -> None:
        raise NotImplementedError(
            "Pyro5 no longer provides its own Future class, use concurrent.futures "
            "of Python instead"
        )


def asyncproxy(*args: Any, **kwargs: Any) -> Any:
    """Say that there is no such thing."""
    raise NotImplementedError(_NO_ASYNC)


def batch(proxy: Any) -> BatchProxy:
    """Return a proxy that collects calls for the object of *proxy*."""
    return BatchProxy(proxy)


def locateNS(
    host: Any = None, port: int | None = None, broadcast: bool = True, hmac_key: Any = None
) -> Any:
    """Return a proxy for a name server."""
    if hmac_key:
        raise NotImplementedError(_NO_HMAC)
    return _core.locate_ns(host or "", port, broadcast)


def resolve(uri: Any, hmac_key: Any = None) -> _core.URI:
    """Return the URI of the object that *uri* leads to."""
    if hmac_key:
        raise NotImplementedError(_NO_HMAC)
    return _core.resolve(uri)


def _ip_version(hostnameOrAddress: Any) -> int:
    return ipaddress.ip_address(hostnameOrAddress).version


def _ip_address(
    hostname: Any, workaround127: bool = False, ipVersion: int | None = None
) -> str:
    return str(_sockets.get_ip_address(hostname, workaround127, ipVersion))


def _interface_address(ip_address: Any) -> str:
    return str(_sockets.get_interface(ip_address).ip)


class _Missing(types.ModuleType):
    """A module of Pyro4 that is not there."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python itself looks for what modules have
            raise AttributeError(name)
        raise NotImplementedError(
            f"The Pyro4 compatibility layer doesn't provide the {self.__name__} module, "
            "it has only what is in the package Pyro4 itself"
        )


def _module(name: str, **names: Any) -> Any:
    module = types.ModuleType(f"Pyro4.{name}")
    vars(module).update(names)
    return module


config = CompatConfiguration()
core: Any = _Missing("Pyro4.core")
naming: Any = _Missing("Pyro4.naming")
message: Any = _Missing("Pyro4.message")
constants = _module(
    "constants",
    VERSION=__version__,
    DAEMON_NAME=_core.DAEMON_NAME,
    NAMESERVER_NAME=_core.NAMESERVER_NAME,
    PROTOCOL_VERSION=protocol.PROTOCOL_VERSION,
)
util = _module(
    "util",
    getPyroTraceback=tracebacks.get_pyro_traceback,
    formatTraceback=tracebacks.format_traceback,
    excepthook=tracebacks.excepthook,
    SerializerBase=_serializers.SerializerBase,
)
socketutil = _module(
    "socketutil",
    getIpVersion=_ip_version,
    getIpAddress=_ip_address,
    getInterfaceAddress=_interface_address,
    createSocket=_sockets.create_socket,
    createBroadcastSocket=_sockets.create_bc_socket,
    receiveData=_sockets.receive_data,
    sendData=_sockets.send_data,
)

sys.modules["Pyro4"] = sys.modules[__name__]
for _module_of in (errors, core, naming, message, constants, util, socketutil):
    _short = _module_of.__name__.rpartition(".")[2]
    sys.modules[f"Pyro4.{_short}"] = _module_of
