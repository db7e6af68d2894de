"""What strangers may take of an event service."""

from __future__ import annotations

import dataclasses

__all__ = ["Limits"]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What strangers may take of an event service.

    Attributes:
        event_size: Bytes of one event, its topic included.
        records: Events of one message, or heads.
        queue_events: How many events a subscriber may let wait.
        queue_size: How many bytes of them.
        patterns: Of one subscription.
        subscriptions: In all.
        client_subscriptions: Of one connection.
        client_patterns: Of all subscriptions of one connection.
        heads: Pairs of a publisher and a topic of which is known how far they are.
        kept: Topics of which the last value is kept.
        kept_size: Bytes of these values.
    """

    event_size: int = 16_000_000
    records: int = 100_000
    queue_events: int = 100_000
    queue_size: int = 64_000_000
    patterns: int = 100
    subscriptions: int = 10_000
    client_subscriptions: int = 100
    client_patterns: int = 200
    heads: int = 10_000
    kept: int = 10_000
    kept_size: int = 64_000_000

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if type(value) is not int or value < 1:
                text = f"limit {field.name} is {value!r:.50}, must be a whole number"
                raise ValueError(f"{text} from 1 on")
