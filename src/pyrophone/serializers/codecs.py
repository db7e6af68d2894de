"""The serializers of one connection, by name and by id."""

from __future__ import annotations

from collections.abc import Mapping

from ..settings import Settings
from . import make_serializers
from .base import Serializer, dump_error
from .classes import ClassTable, Failure

__all__ = ["Codecs", "make_codecs"]


class Codecs:
    """The serializers of a daemon or a connection, and the class table they share.

    Attributes:
        classes: How objects travel that are not plain data.
        by_name: The serializers by name.
        by_id: The serializers by their number on the wire.
    """

    __slots__ = ("by_id", "by_name", "classes")

    def __init__(self, classes: ClassTable, serializers: Mapping[str, Serializer]) -> None:
        self.classes = classes
        self.by_name = dict(serializers)
        self.by_id = {serializer.id: serializer for serializer in serializers.values()}

    def dump_error(
        self, serializer: Serializer, error: BaseException, traceback: list[str] | None
    ) -> bytes:
        """Return the bytes of *error*; never fails, whatever it holds."""
        return dump_error(serializer, self.classes, error, traceback)

    def failure(self, error: BaseException, traceback: list[str] | None) -> Failure:
        """Return what stands for a failed call inside the result of a batch."""
        return Failure(error, traceback)


def make_codecs(classes: ClassTable, settings: Settings) -> Codecs:
    """Return all serializers, as *settings* say."""
    serializers = make_serializers(
        classes, max_depth=settings.max_depth, bytes_repr=settings.bytes_repr
    )
    return Codecs(classes, serializers)
