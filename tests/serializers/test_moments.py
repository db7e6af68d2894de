from __future__ import annotations

import datetime
import zoneinfo
from typing import Any

import pytest

from pyrophone.errors import SerializeError
from pyrophone.testing.strategies import same
from valued import NAMES, revived, trip

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
HOUR = datetime.timedelta(hours=1)
MOMENT = datetime.datetime(2026, 11, 21, 18, 30, 1, 250_000)


class Odd(datetime.tzinfo):
    def utcoffset(self, moment: datetime.datetime | None) -> datetime.timedelta:
        return HOUR

    def dst(self, moment: datetime.datetime | None) -> datetime.timedelta | None:
        return None

    def tzname(self, moment: datetime.datetime | None) -> str:
        return "odd"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "value",
    [
        *(MOMENT, MOMENT.date(), MOMENT.time(), datetime.datetime.max, datetime.date.min),
        *(MOMENT.replace(tzinfo=datetime.UTC), MOMENT.replace(tzinfo=BERLIN)),
        *(MOMENT.replace(tzinfo=datetime.timezone(HOUR / 3 * -1)), HOUR * -1.5),
        *(MOMENT.timetz().replace(tzinfo=BERLIN), datetime.timedelta.max),
        *(datetime.timedelta(microseconds=-1), datetime.UTC, BERLIN),
    ],
    ids=str,
)
def test_moments_arrive_as_what_they_were(name: str, value: Any) -> None:
    arrived = trip(value, name)
    assert same(arrived, value)
    assert repr(arrived) == repr(value)


@pytest.mark.parametrize("name", NAMES)
def test_what_equality_does_not_see_arrives_too(name: str) -> None:
    late = datetime.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    assert trip(late, name).utcoffset() == HOUR
    named = datetime.timezone(HOUR, "MEZ")
    assert trip(MOMENT.replace(tzinfo=named), name).tzname() == "MEZ"


@pytest.mark.parametrize("name", NAMES)
def test_a_zone_of_another_kind_arrives_as_its_offset(name: str) -> None:
    moment = MOMENT.replace(tzinfo=Odd())
    arrived = trip(moment, name)
    assert arrived == moment
    assert arrived.tzinfo == datetime.timezone(HOUR)


@pytest.mark.parametrize("name", NAMES)
def test_a_subclass_arrives_as_its_base(name: str) -> None:
    class Mine(datetime.datetime):
        pass

    assert same(trip(Mine(2026, 1, 2), name), datetime.datetime(2026, 1, 2))


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        *(
            (key, "malformed pyrophone.Zone: zone")
            for key in ("../../etc/passwd", "a.b", "")
        ),
        *((key, "malformed pyrophone.Zone: zone") for key in ("/etc/localtime", "x" * 101)),
        *((key, f"time zone '{key}' is not known here") for key in ("No/Such", "Europe")),
    ],
)
def test_a_zone_is_no_way_to_other_files(key: str, problem: str) -> None:
    with pytest.raises(SerializeError, match=problem):
        revived({"__class__": "pyrophone.Zone", "zone": key})


@pytest.mark.parametrize(
    "form",
    [
        {"__class__": "pyrophone.Datetime", "iso": "soon"},
        {"__class__": "pyrophone.Datetime", "iso": 7},
        {"__class__": "pyrophone.Datetime", "iso": "2026-01-01", "fold": 2},
        {"__class__": "pyrophone.Datetime", "iso": "2026-01-01", "zone": [10**9, 0]},
        {"__class__": "pyrophone.Datetime", "iso": "2026-01-01", "zone": [10**30, 0]},
        {"__class__": "pyrophone.Datetime", "iso": "2026-01-01", "zone": [0, 0, 1]},
        {"__class__": "pyrophone.Datetime", "iso": "2026-01-01", "zone": {}},
        {"__class__": "pyrophone.Date", "iso": "2026-13-01"},
        {"__class__": "pyrophone.Time", "iso": "25:00"},
        {
            "__class__": "pyrophone.Timedelta",
            "days": 10**12,
            "seconds": 0,
            "microseconds": 0,
        },
        {"__class__": "pyrophone.Timedelta", "days": 1},
    ],
    ids=repr,
)
def test_forms_that_fit_nothing_are_refused(form: dict[str, Any]) -> None:
    with pytest.raises(SerializeError, match=r"malformed pyrophone\.\w+: "):
        revived(form)
