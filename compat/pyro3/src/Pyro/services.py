"""What the old scripts for services say now: let a service manager run the server.

These are ``pyro-nssvc``, ``pyro-essvc`` (Windows), ``pyro-nsd`` and ``pyro-esd`` (Unix).
"""

from __future__ import annotations

__all__ = ["event_service", "name_service"]

_ADVICE = """{script} does nothing any more. Let a service manager run
    python -m {module} {options}
and start it again when it ends: systemd, or the services or the task scheduler of Windows.
A unit for systemd is in docs/howto/pyro3-services.md of Pyrophone."""


def name_service() -> int:
    """Tell how to run a name server as a service; return the status of the command."""
    return _advise("pyro-nssvc (pyro-nsd)", "Pyro.naming", "-k -r -d DIRECTORY")


def event_service() -> int:
    """Tell how to run an event server as a service; return the status of the command."""
    return _advise("pyro-essvc (pyro-esd)", "Pyro.EventService.Server", "-n HOST")


def _advise(script: str, module: str, options: str) -> int:
    print(_ADVICE.format(script=script, module=module, options=options))
    return 1
