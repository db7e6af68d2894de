"""Flame: modules, built-in functions, code, files and a console of another process.

Whoever can connect may run anything there. So it is off until FLAME_ENABLED is set and
pickle is the only serializer accepted; protect the daemon with a key, or by where it is.
"""

from __future__ import annotations

import builtins
import importlib
import os
import sys
import types
from typing import Any, Self

from .. import constants, core, errors
from ..configuration import config
from .consoles import InteractiveConsole, RemoteInteractiveConsole, banner_of

__all__ = [
    "Flame",
    "FlameBuiltin",
    "FlameModule",
    "InteractiveConsole",
    "RemoteInteractiveConsole",
    "connect",
    "createModule",
    "start",
]

_ALONE = "equires the pickle serializer exclusively"


def start(daemon: core.Daemon) -> core.URI:
    """Let clients of *daemon* use Flame; return where it is.

    Raises:
        SecurityError: FLAME_ENABLED is not set.
        SerializeError: SERIALIZERS_ACCEPTED has others than pickle.
    """
    if not config.FLAME_ENABLED:
        raise errors.SecurityError("Flame is disabled in the server configuration")
    if not _is_alone():
        raise errors.SerializeError(f"Flame r{_ALONE}")
    return daemon.register(Flame(), constants.FLAME_NAME)


def connect(location: str, hmac_key: str | bytes | None = None) -> Any:
    """Return a connected proxy for the Flame server at *location*, ``host:port``.

    Raises:
        SerializeError: SERIALIZER is not pickle.
        CommunicationError: There is none.
    """
    if config.SERIALIZER != "pickle":
        raise errors.SerializeError("Flame requires the pickle serializer")
    proxy = core.Proxy(f"PYRO:{constants.FLAME_NAME}@{location}")
    if hmac_key:
        proxy._pyroHmacKey = hmac_key
    proxy._pyroBind()
    return proxy


def createModule(
    name: str,
    source: str,
    filename: str = "<dynamic-module>",
    namespace: dict[str, Any] | None = None,
) -> types.ModuleType:
    """Make a module, and the packages that a dotted name has before it.

    Args:
        name: Its name; if there is such a module, that goes on with the source.
        source: Its source.
        filename: What tracebacks show.
        namespace: Where the first part of the name is put, besides ``sys.modules``.

    Returns:
        The module.
    """
    program = compile(source, filename, "exec")
    parent: types.ModuleType | None = None
    path = ""
    for part in name.split("."):
        path = f"{path}.{part}" if path else part
        module = sys.modules.get(path)
        if module is None:
            module = sys.modules[path] = types.ModuleType(path)
        if parent is not None:
            setattr(parent, part, module)
        elif namespace is not None:
            namespace[part] = module
        parent = module
    module = sys.modules[name]
    module.__dict__["__loader__"] = _Source(source)
    exec(program, module.__dict__)
    return module


class _Source:
    """Knows the source of a module that was made from it."""

    def __init__(self, source: str) -> None:
        self._source = source

    def get_source(self, name: str) -> str:
        """Return it."""
        return self._source


@core.expose
class Flame:
    """What a Flame server can be asked for.

    Raises:
        RuntimeError: SERIALIZERS_ACCEPTED has others than pickle.
    """

    _pyroDaemon: Any

    def __init__(self) -> None:
        if not _is_alone():
            raise RuntimeError(f"flame r{_ALONE}")

    def module(self, name: str) -> FlameModule:
        """Import a module here; return a stand-in for it."""
        importlib.import_module(name)
        return FlameModule(self, name)

    def builtin(self, name: str) -> FlameBuiltin:
        """Return a stand-in for a built-in function."""
        return FlameBuiltin(self, name)

    def execute(self, code: str) -> None:
        """Run statements, among the names of this module."""
        exec(compile(code, "<remote-code>", "exec"), globals())

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression, among the names of this module."""
        return eval(compile(expression, "<remote-code>", "eval"), globals())

    def sendmodule(self, modulename: str, modulesource: str) -> None:
        """Make a module here."""
        createModule(modulename, modulesource)

    def getmodule(self, modulename: str) -> str:
        """Return the source of a module.

        Raises:
            TypeError: It has none.
        """
        module = importlib.import_module(modulename)
        get_source = getattr(module.__loader__, "get_source", None)
        source: str | None = get_source(modulename) if get_source else None
        if source is None:
            raise TypeError(f"{module!r} is a built-in module")
        return source

    def sendfile(self, filename: str, filedata: bytes) -> None:
        """Write a file here, which only its owner may read."""
        data = memoryview(filedata)
        with open(filename, "wb", opener=_private) as file:
            file.write(data)

    def getfile(self, filename: str) -> bytes:
        """Return the content of a file."""
        with open(filename, "rb") as file:
            return file.read()

    def console(self) -> RemoteInteractiveConsole:
        """Return a stand-in for a console that runs here."""
        console = InteractiveConsole(filename="<remoteconsole>")
        uri = self._pyroDaemon.register(console)
        console.banner = banner_of(uri)
        remote = RemoteInteractiveConsole(uri)
        remote.remoteconsole._pyroHmacKey = getattr(self._pyroDaemon, "_pyroHmacKey", None)
        return remote

    def invokeModule(self, dottedname: str, args: Any, kwargs: Any) -> Any:
        """Call a function by its dotted name, the first part of which is a module."""
        first, *path, name = dottedname.split(".")
        target: Any = importlib.import_module(first)
        for part in path:
            target = getattr(target, part)
        return getattr(target, name)(*args, **kwargs)

    def invokeBuiltin(self, builtin: str, args: Any, kwargs: Any) -> Any:
        """Call a built-in function."""
        return getattr(builtins, builtin)(*args, **kwargs)


class _Stand:
    """Stands for something at a Flame server. Leaving a ``with`` block disconnects."""

    flameserver: Any

    def __init__(self, flameserver: Any) -> None:
        daemon = flameserver._pyroDaemon
        self.flameserver = core.Proxy(daemon.uriFor(flameserver))
        # Who gets it has shown the key already.
        self.flameserver._pyroHmacKey = getattr(daemon, "_pyroHmacKey", None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *what: object) -> None:
        self.flameserver._pyroRelease()

    def _describe(self, what: str) -> str:
        where = self.flameserver._pyroUri.location
        cls = type(self)
        return f"<{cls.__module__}.{cls.__name__} at {id(self):#x}; {what} at {where}>"


class FlameModule(_Stand):
    """A module of a Flame server. Its functions can be called, by dotted paths.

    Attributes:
        flameserver: The proxy for the server.
        module: The module's name.
    """

    def __init__(self, flameserver: Flame, module: str) -> None:
        super().__init__(flameserver)
        self.module = module

    def __getattr__(self, name: str) -> _Function:
        if name in ("__deepcopy__", "flameserver", "module"):  # asked for by Python itself
            raise AttributeError(name)
        return _Function(self.flameserver, f"{self.module}.{name}")

    def __repr__(self) -> str:
        return self._describe(f"module '{self.module}'")


class _Function:
    """A function of a module, or what is on the way to one."""

    def __init__(self, server: Any, dotted: str) -> None:
        self._server = server
        self._dotted = dotted

    def __getattr__(self, name: str) -> _Function:
        return _Function(self._server, f"{self._dotted}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._server.invokeModule(self._dotted, args, kwargs)


class FlameBuiltin(_Stand):
    """A built-in function of a Flame server.

    Attributes:
        flameserver: The proxy for the server.
        builtin: The function's name.
    """

    def __init__(self, flameserver: Flame, builtin: str) -> None:
        super().__init__(flameserver)
        self.builtin = builtin

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.flameserver.invokeBuiltin(self.builtin, args, kwargs)

    def __repr__(self) -> str:
        return self._describe(f"builtin '{self.builtin}'")


def _is_alone() -> bool:
    return set(config.SERIALIZERS_ACCEPTED) == {"pickle"}


def _private(path: str, flags: int) -> int:
    """Open a file that only its owner may read, also if it is there already."""
    number = os.open(path, flags, 0o600)
    try:
        os.chmod(path, 0o600)
    except BaseException:
        os.close(number)
        raise
    return number
