"""Dates, times and their zones as class forms, and back.

A zone travels by its key, and the receiver takes its own of that key; a fixed offset
travels as such, and so does a zone of a kind that is not known here.
"""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ..errors import SerializeError
from .values import Form, Inward, Outward, Read, Write, field, form_of

__all__ = ["READERS", "WRITERS"]

_KEY = re.compile(r"[A-Za-z0-9_+-]+(?:/[A-Za-z0-9_+-]+)*")
_LONGEST_KEY = 100


def _zone(value: Any) -> Any:
    """Return what is written for the time zone of *value*: a key, or a fixed offset."""
    zone = value.tzinfo
    if isinstance(zone, zoneinfo.ZoneInfo) and zone.key is not None:
        return zone.key
    offset = value.utcoffset()
    if offset is None:
        return None
    written: list[Any] = [offset.days * 86400 + offset.seconds, offset.microseconds]
    if type(zone) is datetime.timezone and str(zone) != str(datetime.timezone(offset)):
        written.append(str(zone))
    return written


def _write_zone(value: datetime.tzinfo, out: Outward) -> Form:
    moment = datetime.datetime(2000, 1, 1, tzinfo=value)
    return form_of("Zone", zone=_zone(moment))


def _read_zone(form: Form) -> datetime.tzinfo | None:
    zone = form.get("zone")
    if zone is None:
        return None
    if type(zone) is list and 2 <= len(zone) <= 3:
        offset = datetime.timedelta(seconds=zone[0], microseconds=zone[1])
        return datetime.timezone(offset, *zone[2:])
    if type(zone) is not str or len(zone) > _LONGEST_KEY or not _KEY.fullmatch(zone):
        raise SerializeError(f"malformed {form['__class__']}: zone {zone!r:.80}")
    try:
        return zoneinfo.ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise SerializeError(f"time zone {zone!r} is not known here") from error


def _write_moment(kind: str) -> Callable[[Any, Outward], Form]:
    def write(value: Any, out: Outward) -> Form:
        form = form_of(kind, iso=value.replace(tzinfo=None).isoformat())
        if value.tzinfo is not None and (zone := _zone(value)) is not None:
            form["zone"] = zone
        if value.fold:
            form["fold"] = 1
        return form

    return write


def _read_moment(parse: Callable[[str], Any]) -> Callable[[Form, Inward], Any]:
    def read(form: Form, source: Inward) -> Any:
        value = parse(field(form, "iso", str))
        return value.replace(tzinfo=_read_zone(form), fold=form.get("fold", 0))

    return read


def _write_date(value: datetime.date, out: Outward) -> Form:
    return form_of("Date", iso=value.isoformat())


def _read_date(form: Form, source: Inward) -> datetime.date:
    return datetime.date.fromisoformat(field(form, "iso", str))


def _write_timedelta(value: datetime.timedelta, out: Outward) -> Form:
    parts = {"days": value.days, "seconds": value.seconds}
    return form_of("Timedelta", **parts, microseconds=value.microseconds)


def _read_timedelta(form: Form, source: Inward) -> datetime.timedelta:
    names = ("days", "seconds", "microseconds")
    return datetime.timedelta(*(field(form, name, int) for name in names))


# By exact type.
WRITERS: Mapping[type, Write] = MappingProxyType(
    {
        datetime.datetime: _write_moment("Datetime"),
        datetime.time: _write_moment("Time"),
        datetime.date: _write_date,
        datetime.timedelta: _write_timedelta,
        datetime.timezone: _write_zone,
        zoneinfo.ZoneInfo: _write_zone,
    }
)

READERS: Mapping[str, Read] = MappingProxyType(
    {
        "pyrophone.Datetime": _read_moment(datetime.datetime.fromisoformat),
        "pyrophone.Time": _read_moment(datetime.time.fromisoformat),
        "pyrophone.Date": _read_date,
        "pyrophone.Timedelta": _read_timedelta,
        "pyrophone.Zone": lambda form, source: _read_zone(form),
    }
)
