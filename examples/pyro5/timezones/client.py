"""Make times again of what server.py sends."""

import datetime
import zoneinfo

import Pyro5.api

BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")

with Pyro5.api.Proxy(input("URI of the timetable: ").strip()) as timetable:
    text = timetable.departure()
    print("departure:", type(text).__name__, text)
    departure = datetime.datetime.fromisoformat(text)
    print("  in Berlin:", departure.astimezone(BERLIN))

    text = timetable.arrival(departure.astimezone(BERLIN))
    arrival = datetime.datetime.fromisoformat(text)
    print("arrival:", type(text).__name__, text)
    print("  under way for", arrival - departure)

    print("birthday:", datetime.date.fromisoformat(timetable.birthday()))

    plain = datetime.datetime.fromisoformat(timetable.station_time())
    print("without a zone:", plain, plain.tzinfo)

    timetable._pyroSerializer = "msgpack"
    print("with msgpack:", repr(timetable.station_time()))
