"""Who is calling? Clients send a token with each call, as an annotation.

An object for each session may keep things of its user. One object for all must not; here
it does, and fails.

    python -m Pyro5.nameserver
    python server.py
    python client.py
"""

import Pyro5.api
from database import Database

TOKENS = {b"k7x2": "anna", b"p9q4": "ben"}
database = Database()


class Diary:
    def __init__(self):
        self._connection = None

    def _user(self):
        token = Pyro5.api.current_context.annotations["USER"]
        return TOKENS[bytes(token)]

    @Pyro5.api.expose
    def open(self):
        self._connection = database.connect(self._user())
        return f"open for {self._user()}"

    @Pyro5.api.expose
    def write(self, text):
        self._connection.check(self._user())
        self._connection.insert(text)

    @Pyro5.api.expose
    def read(self):
        self._connection.check(self._user())
        return self._connection.select()


@Pyro5.api.behavior("session")
class SessionDiary(Diary):
    pass


@Pyro5.api.behavior("single")
class SingleDiary(Diary):
    pass


Pyro5.api.serve(
    {SessionDiary: "example.diary.session", SingleDiary: "example.diary.single"}
)
