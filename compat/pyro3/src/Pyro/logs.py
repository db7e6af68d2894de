"""The system log and the user log."""

from __future__ import annotations

import logging
import logging.config
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from . import config

__all__ = ["Log", "SystemLogger", "UserLogger", "shown"]

_LOCK = threading.Lock()
_KINDS = {
    "NOTE": (3, logging.INFO),
    "WARN": (2, logging.WARNING),
    "ERR!": (1, logging.ERROR),
}
_STANDARD = "%(asctime)s [%(process)d:%(threadName)s] %(levelname)s %(name)s %(message)s"


class LoggerBase:
    """One of the two logs. Level and file are looked up at each entry.

    With a single argument it is the message, and the source is ``N/A``.
    """

    level_item = ""
    file_item = ""
    name = ""

    def msg(self, source: Any, *args: Any) -> None:
        """Write a note."""
        self._entry("NOTE", source, args)

    def warn(self, source: Any, *args: Any) -> None:
        """Write a warning."""
        self._entry("WARN", source, args)

    def error(self, source: Any, *args: Any) -> None:
        """Write an error."""
        self._entry("ERR!", source, args)

    def raw(self, ztr: Any) -> None:
        """Write a text as it is, whatever the level."""
        if config.PYRO_STDLOGGING:
            self._log(logging.INFO, "%s", str(ztr).rstrip("\n"))
        else:
            self._write(str(ztr))

    def _entry(self, kind: str, source: Any, args: tuple[Any, ...]) -> None:
        needed, level = _KINDS[kind]
        if getattr(config, self.level_item) < needed:
            return
        if not args:
            source, args = "N/A", (source,)
        text = self._form(" ".join(map(_text, args)))
        if config.PYRO_STDLOGGING:
            self._log(level, "** %s ** %s", source, text)
            return
        now = time.strftime("%Y-%m-%d %H:%M:%S")
        place = f"{os.getpid()}:{threading.current_thread().name}"
        self._write(f"{now} [{place}] ** {kind} ** {_text(source)} ** {text}\n")

    def _form(self, text: str) -> str:
        """Return the text of an entry as it is written."""
        return text

    def _log(self, level: int, form: str, *values: Any) -> None:
        try:
            _standard(self.name).log(level, form, *values)
        except OSError as error:  # a log is no reason to fail
            sys.stderr.write(f"PYRO: can't write to the log {self.name}: {error}\n")

    def _write(self, text: str) -> None:
        path = os.path.join(config.PYRO_STORAGE, getattr(config, self.file_item))
        try:
            with _LOCK, open(path, "a", encoding="utf-8", errors="replace") as file:
                file.write(text)
        except OSError as error:  # a log is no reason to fail
            sys.stderr.write(f"PYRO: can't write to {path}: {error}\n")


class SystemLogger(LoggerBase):
    """What Pyro itself has to say."""

    level_item, file_item, name = "PYRO_TRACELEVEL", "PYRO_LOGFILE", "Pyro.system"

    def _form(self, text: str) -> str:
        # Errors have texts of strangers: none of their lines begins like an entry.
        return "\n  ".join(map(shown, text.rstrip("\n").split("\n")))


class UserLogger(LoggerBase):
    """What the program has to say."""

    level_item, file_item, name = "PYRO_USER_TRACELEVEL", "PYRO_USER_LOGFILE", "Pyro.user"


Log = SystemLogger()


def shown(value: Any) -> str:
    """Return the text of what strangers have sent: one line, nothing steers a terminal."""
    text = _text(value)
    if text.isprintable():
        return text
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode() for one in text
    )


def _text(value: Any) -> str:
    try:
        return str(value)
    except Exception:  # of a class of the program, anything
        return f"<{type(value).__name__} without text>"


def _standard(name: str) -> logging.Logger:
    """Return a logger of the standard module; at first that is set up."""
    family = logging.getLogger("Pyro")
    with _LOCK:
        if not family.handlers and not family.filters:
            _set_up(family)
    return logging.getLogger(name)


def _set_up(family: logging.Logger) -> None:
    path = Path(config.PYRO_STORAGE, config.PYRO_STDLOGGING_CFGFILE)
    if path.is_file():
        logging.config.fileConfig(path, disable_existing_loggers=False)
    if not logging.getLogger("Pyro.system").handlers and not family.handlers:
        family.setLevel(logging.DEBUG)
        form = logging.Formatter(_STANDARD)
        pairs = [("Pyro.system", "PYRO_LOGFILE"), ("Pyro.user", "PYRO_USER_LOGFILE")]
        for name, item in pairs:
            target = os.path.join(config.PYRO_STORAGE, getattr(config, item))
            handler = logging.FileHandler(target, encoding="utf-8", delay=True)
            handler.setFormatter(form)
            logging.getLogger(name).addHandler(handler)
    family.addFilter(lambda record: True)  # the sign that it was done
