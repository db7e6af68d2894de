"""A database in which each connection is for one user, as they usually are."""


class Database:
    def __init__(self):
        self._rows = {}

    def connect(self, user):
        return Connection(self._rows.setdefault(user, []), user)


class Connection:
    def __init__(self, rows, user):
        self._rows = rows
        self._user = user

    def check(self, user):
        """Refuse to work for another user."""
        if user != self._user:
            raise RuntimeError(f"this connection is for {self._user}, not for {user}")

    def insert(self, row):
        self._rows.append(row)

    def select(self):
        return list(self._rows)
