"""What subscribers get."""

from __future__ import annotations

import time
from typing import Any

from ..values import registerClass

__all__ = ["Event"]


class Event:
    """A message about a subject.

    Args:
        subject: As the publisher spelled it.
        msg: Any value that can travel.
        creationTime: Seconds since 1970; now if None.

    Attributes:
        subject: Likewise.
        msg: Likewise.
        time: When it was published, by the clock of the service.
    """

    def __init__(self, subject: str, msg: Any, creationTime: float | None = None) -> None:
        self.subject = subject
        self.msg = msg
        self.time = time.time() if creationTime is None else creationTime

    def __str__(self) -> str:
        return f"<EVENT SUBJ {self.subject} ({time.ctime(self.time)}): {self.msg}>"

    __repr__ = __str__


def _plain(event: Event) -> dict[str, Any]:
    return {"subject": event.subject, "msg": event.msg, "time": event.time}


def _event(form: dict[str, Any]) -> Event:
    subject, moment = form.get("subject"), form.get("time")
    if not isinstance(subject, str) or not isinstance(moment, int | float):
        raise ValueError("malformed event")
    time.ctime(moment)  # or its text would be an error
    return Event(subject, form.get("msg"), moment)


registerClass(Event, _plain, _event)
