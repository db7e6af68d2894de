"""The extensions of the wire that both ends agreed on.

The client lists what it can in the annotation ``PHON`` of its CONNECT, the server
answers with the subset it takes in the one of its CONNECT_OK. Names are ASCII,
joined by commas, in any order; unknown ones are passed over. A peer without that
chunk speaks plain 502. A feature adds; it never changes the meaning of what is
there. None exists so far: an empty list only says that the peer is one of us.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

__all__ = ["CHUNK", "FEATURES", "read_features", "without", "write_features"]

CHUNK = "PHON"
FEATURES: frozenset[str] = frozenset()


def write_features(features: Iterable[str]) -> dict[str, bytes]:
    """Return the annotation that lists *features*."""
    return {CHUNK: ",".join(sorted(features)).encode("ascii")}


def read_features(
    annotations: Mapping[str, bytes], supported: frozenset[str]
) -> frozenset[str] | None:
    """Return the features in *annotations* that are *supported*; None without list."""
    chunk = annotations.get(CHUNK)
    if chunk is None:
        return None
    return supported.intersection(chunk.decode("ascii", "replace").split(","))


def without(annotations: Mapping[str, bytes], name: str) -> Mapping[str, bytes]:
    """Return *annotations* less the one that is the protocol's own business."""
    if name not in annotations:
        return annotations
    return {key: data for key, data in annotations.items() if key != name}
