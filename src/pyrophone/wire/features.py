"""The extensions of the wire that both ends agreed on.

The client lists what it can in the annotation ``PHON`` of its CONNECT, the server
answers with the subset it takes in the one of its CONNECT_OK. Names are ASCII,
joined by commas, in any order; unknown ones are passed over. A peer without that
chunk speaks plain 502. A feature adds; it never changes the meaning of what is
there. An empty list only says that the peer is one of us.

Source: ``docs/reference/wire.md``, features.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = [
    "BEAT",
    "BUFFERS",
    "CANCEL",
    "CHUNK",
    "FEATURES",
    "FLOW",
    "LIMIT",
    "MANY",
    "VALUES",
    "read_features",
    "without",
    "write_features",
]

CHUNK = "PHON"
BEAT = "beat"  # a quiet end says now and then that it is there
BUFFERS = "buffers"  # large bytes go beside the text, and are not copied
CANCEL = "cancel"  # who has no use for an answer any more can say so
FLOW = "flow"  # items of a stream are sent ahead; both ends may call the other
LIMIT = "limit"  # a call says how much time it has, and who waits for it
MANY = "many"  # many calls may be under way, and are answered in any order
VALUES = "values"  # more types arrive as what they were
FEATURES = frozenset({BEAT, BUFFERS, CANCEL, FLOW, LIMIT, MANY, VALUES})
# So that one number means one call; and because what goes beside the text is a value.
_NEEDS = ((MANY, frozenset({CANCEL, FLOW})), (VALUES, frozenset({BUFFERS})))


def write_features(features: Iterable[str]) -> dict[str, bytes]:
    """Return the annotation that lists *features*."""
    return {CHUNK: ",".join(sorted(features)).encode("ascii")}


def read_features(
    annotations: Mapping[str, bytes], supported: frozenset[str]
) -> frozenset[str] | None:
    """Return the features in *annotations* that are *supported*; None without list.

    Those that need another are left out where that one is not among them.
    """
    chunk = annotations.get(CHUNK)
    if chunk is None:
        return None
    agreed = supported.intersection(chunk.decode("ascii", "replace").split(","))
    for needed, dependent in _NEEDS:
        if needed not in agreed:
            agreed -= dependent
    return agreed


def without(annotations: Mapping[str, bytes], *names: str) -> Mapping[str, bytes]:
    """Return *annotations* less those that are the protocol's own business."""
    if annotations.keys().isdisjoint(names):
        return annotations
    return {key: data for key, data in annotations.items() if key not in names}
