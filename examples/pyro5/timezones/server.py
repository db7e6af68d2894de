"""Times with time zones: they arrive as text, in the form of ISO 8601.

Each in a terminal of its own:

    python server.py
    python client.py        (paste the URI)
"""

import datetime

import Pyro5.api

EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


@Pyro5.api.expose
class Timetable:
    def departure(self):
        return datetime.datetime(2031, 3, 1, 18, 45, tzinfo=EAST)

    def arrival(self, departure):
        """Return the time of arrival; what comes here is text, too."""
        departure = datetime.datetime.fromisoformat(departure)
        return departure + datetime.timedelta(hours=9)

    def birthday(self):
        return datetime.date(1912, 6, 23)

    def station_time(self):
        return datetime.datetime(2031, 3, 1, 12, 0)  # without a time zone


Pyro5.api.serve({Timetable: "example.timetable"}, use_ns=False)
