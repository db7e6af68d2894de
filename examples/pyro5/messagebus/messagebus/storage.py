"""Keepers of messages that are not delivered yet."""

import itertools
import json
import sqlite3
import threading


class MemoryStorage:
    """Forgets everything when the program ends."""

    def __init__(self):
        self._numbers = itertools.count(1)
        self._messages = {}

    def put(self, topic, data):
        number = next(self._numbers)
        self._messages[number] = (topic, data)
        return number

    def waiting(self, topic, limit):
        """Return the oldest messages of a topic: number and data of each."""
        found = ((n, data) for n, (t, data) in list(self._messages.items()) if t == topic)
        return list(itertools.islice(found, limit))

    def remove(self, number):
        del self._messages[number]

    def count(self):
        return len(self._messages)

    def close(self):
        pass


class SqliteStorage:
    """Has the messages still when it is opened again."""

    def __init__(self, path):
        self._lock = threading.Lock()
        self._database = sqlite3.connect(path, check_same_thread=False)
        with self._lock, self._database:
            self._database.execute(
                "CREATE TABLE IF NOT EXISTS messages"
                " (number INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT, data TEXT)"
            )

    def put(self, topic, data):
        with self._lock, self._database:
            return self._database.execute(
                "INSERT INTO messages (topic, data) VALUES (?, ?)",
                (topic, json.dumps(data)),
            ).lastrowid

    def waiting(self, topic, limit):
        with self._lock:
            rows = self._database.execute(
                "SELECT number, data FROM messages WHERE topic = ? ORDER BY number LIMIT ?",
                (topic, limit),
            ).fetchall()
        return [(number, json.loads(data)) for number, data in rows]

    def remove(self, number):
        with self._lock, self._database:
            self._database.execute("DELETE FROM messages WHERE number = ?", (number,))

    def count(self):
        with self._lock:
            return self._database.execute("SELECT count(*) FROM messages").fetchone()[0]

    def close(self):
        self._database.close()
