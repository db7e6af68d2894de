"""The command pyro4-flameserver: a daemon that has Flame, and nothing else."""

from __future__ import annotations

import optparse
import sys
from collections.abc import Callable, Sequence

from .. import core
from ..configuration import config
from ..errors import PyroError, SecurityError
from ..keys import NO_KEY, command_key
from . import flame

__all__ = ["main"]


def main(
    args: Sequence[str] | None = None, returnWithoutLooping: bool = False
) -> tuple[core.Daemon, core.URI] | None:
    """Run the command, until Ctrl-C.

    Args:
        args: Its arguments; those of the process if None.
        returnWithoutLooping: Serve nothing, but return what would, and where.

    Raises:
        SystemExit: With status 1 if it can't serve, 2 for wrong arguments.
    """
    options, _ = _parser().parse_args(None if args is None else list(args))
    if returnWithoutLooping:
        return _start(options)
    try:
        daemon, _ = _start(options)
        with daemon:
            daemon.requestLoop()
    except (OSError, OverflowError, PyroError, ValueError) as error:
        hint = "; PYRO_FLAME_ENABLED=true enables it" * isinstance(error, SecurityError)
        print(f"pyro4-flameserver: {type(error).__name__}: {error}{hint}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:  # while it started
        pass
    return None


def _parser() -> optparse.OptionParser:
    parser = optparse.OptionParser()
    add = parser.add_option
    add("-H", "--host", default="localhost", help="where to listen (default=localhost)")
    add("-p", "--port", type="int", default=0, help="TCP port (default=any free one)")
    add("-u", "--unixsocket", help="listen at this Unix socket instead")
    add("-q", "--quiet", action="store_true", default=False, help="print nothing")
    add("-k", "--key", help="the HMAC key to use (deprecated)")
    return parser


def _start(options: optparse.Values) -> tuple[core.Daemon, core.URI]:
    """Do all that comes before serving."""
    key = command_key(options.key)
    say: Callable[[str], object] = _say_nothing if options.quiet else print
    say("Starting Pyro Flame server.")
    if not key:
        say(NO_KEY)
    config.SERIALIZERS_ACCEPTED = {"pickle"}
    daemon = core.Daemon(options.host, options.port, options.unixsocket)
    try:
        daemon._pyroHmacKey = key
        uri = flame.start(daemon)
        say(f"server uri: {uri}")
        say("server is running.")
        sys.stdout.flush()
    except BaseException:
        daemon.close()
        raise
    return daemon, uri


def _say_nothing(text: str) -> None:
    """Print nothing."""


if __name__ == "__main__":
    main()
