"""The annotations of protocol 48, and what else travels among them.

Pyro4 has no place in its header for the correlation id and the signature: each is an
annotation, ``CORR`` and ``HMAC``.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Mapping

from pyrophone.errors import LocalProtocolError, SecurityError
from pyrophone.wire.framing import CORRELATED, Message, join_annotations

__all__ = [
    "CHUNK_HEAD",
    "CORRELATION_CHUNK",
    "SIGNATURE_CHUNK",
    "check_signature",
    "sign",
    "take_correlation",
    "write_chunks",
]

CHUNK_HEAD = struct.Struct("!4sH")
CORRELATION_CHUNK = "CORR"
SIGNATURE_CHUNK = "HMAC"

_CORRELATION_SIZE = 16
_MAX_CHUNKS = 0xFFFF
_OWN_LAST = ("BLBI", "STRM")  # what Pyro4 writes behind the correlation id


def write_chunks(message: Message, payload: bytes, hmac_key: bytes | None) -> bytes:
    """Return the annotations of *message* as they stand between header and payload.

    Args:
        message: Whose.
        payload: As it is on the wire, that is, deflated or not.
        hmac_key: Add a signature made with it.

    Raises:
        LocalProtocolError: One is not bytes under a 4-letter ASCII name, or there are
            more than 65535 bytes of them.
    """
    annotations = _wire_annotations(message)
    if hmac_key is not None:
        annotations.pop(SIGNATURE_CHUNK, None)
    for name, data in annotations.items():
        if isinstance(data, (bytes, bytearray, memoryview)) and len(data) > _MAX_CHUNKS:
            raise LocalProtocolError(
                f"annotation {name!r} has {len(data)} bytes, {_MAX_CHUNKS} are the most"
            )
    chunks = join_annotations(annotations, CHUNK_HEAD) if annotations else b""
    if hmac_key is not None:
        signature = {SIGNATURE_CHUNK: sign(hmac_key, payload, annotations)}
        chunks += join_annotations(signature, CHUNK_HEAD)
    if len(chunks) > _MAX_CHUNKS:
        raise LocalProtocolError(
            f"annotations have {len(chunks)} bytes, {_MAX_CHUNKS} are the most"
        )
    return chunks


def take_correlation(message: Message) -> None:
    """Make the annotation with the correlation id, if there is one, an id."""
    annotations = message.annotations
    correlation = annotations.get(CORRELATION_CHUNK)
    if correlation is not None and len(correlation) == _CORRELATION_SIZE:
        message.annotations = {
            name: data for name, data in annotations.items() if name != CORRELATION_CHUNK
        }
        message.correlation = correlation
        message.flags |= CORRELATED


def sign(key: bytes, payload: bytes, annotations: Mapping[str, bytes]) -> bytes:
    """Return the signature of a message.

    Args:
        key: Known to both sides.
        payload: As it is on the wire, that is, deflated or not.
        annotations: The chunks; that of the signature is passed over.
    """
    digest = hmac.new(key, payload, "sha1")
    for name in sorted(annotations):
        if name != SIGNATURE_CHUNK:
            digest.update(annotations[name])
    return digest.digest()


def check_signature(
    key: bytes | None, payload: bytes, annotations: Mapping[str, bytes]
) -> Mapping[str, bytes]:
    """Return *annotations* less the signature, which is right.

    Args:
        key: What it must be made with; None if there must be none.
        payload: As it is on the wire.
        annotations: All chunks.

    Raises:
        SecurityError: It is missing, wrong, or not asked for.
    """
    signature = annotations.get(SIGNATURE_CHUNK)
    if (signature is None) != (key is None):
        raise SecurityError("hmac key config not symmetric")
    if signature is None or key is None:
        return annotations
    if not hmac.compare_digest(sign(key, payload, annotations), signature):
        raise SecurityError("message hmac mismatch")
    return {name: d for name, d in annotations.items() if name != SIGNATURE_CHUNK}


def _wire_annotations(message: Message) -> dict[str, bytes]:
    """Return the annotations of *message*, its correlation id where Pyro4 has it."""
    annotations = dict(message.annotations)
    if message.flags & CORRELATED:
        last = {n: annotations.pop(n) for n in _OWN_LAST if n in annotations}
        annotations[CORRELATION_CHUNK] = message.correlation
        annotations |= last
    return annotations
