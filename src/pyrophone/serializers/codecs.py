"""The serializers of one connection, by name and by id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import SecurityError, SerializeError
from ..settings import Settings
from . import make_serializers
from .base import Serializer, dump_error, safe_error_form
from .classes import ClassTable, Failure
from .tags import TaggedTable, Tags

__all__ = ["Codecs", "make_codecs"]


class Codecs:
    """The serializers of a daemon or a connection, and the class table they share.

    Attributes:
        classes: How objects travel that are not plain data.
        by_name: The serializers by name.
        by_id: The serializers by their number on the wire.
        refused: Likewise, those that are known but not accepted from peers: their bytes
            are not read, but who sends them is told so in the serializer they know.
    """

    __slots__ = ("by_id", "by_name", "classes", "refused")

    def __init__(self, classes: ClassTable, serializers: Mapping[str, Serializer]) -> None:
        self.classes = classes
        self.by_name = dict(serializers)
        self.by_id = {serializer.id: serializer for serializer in serializers.values()}
        self.refused: Mapping[int, Serializer] = {}

    def dump_error(
        self, serializer: Serializer, error: BaseException, traceback: list[str] | None
    ) -> bytes:
        """Return the bytes of *error*; never fails, whatever it holds."""
        return dump_error(serializer, self.classes, error, traceback)

    def dump_results(self, serializer: Serializer, results: list[Any]) -> bytes:
        """Return the bytes of a batch's results, of which the last may be a failure.

        Raises:
            SerializeError: A result can't be written. An error always can.
        """
        try:
            return serializer.dumps(results)
        except (SerializeError, SecurityError) as problem:
            if not results or not isinstance(results[-1], Failure):
                raise
            failure = self.writable(serializer, results[-1], problem)
            return serializer.dumps([*results[:-1], failure])

    def writable(
        self, serializer: Serializer, failure: Failure, problem: Exception
    ) -> Failure:
        """Return what is written for a failed call, if there is a *problem* with it."""
        form = safe_error_form(serializer, self.classes, failure.error, failure.traceback)
        return Failure(failure.error, failure.traceback, form)

    def failure(self, error: BaseException, traceback: list[str] | None) -> Failure:
        """Return what stands for a failed call inside the result of a batch."""
        return Failure(error, traceback)


def make_codecs(
    classes: ClassTable,
    settings: Settings,
    *,
    numbers: Mapping[str, int] | None = None,
    tags: Tags | None = None,
) -> Codecs:
    """Return all serializers, as *settings* say.

    Args:
        classes: How objects travel that are not plain data.
        settings: How deep values may nest, and how serpent writes bytes.
        numbers: The serializers' ids by name; by default those of protocol 502.
        tags: What peers call classes; by default as in protocol 502.
    """
    if tags is not classes.tags:
        classes = TaggedTable(classes, tags or Tags())
    serializers = make_serializers(
        classes,
        max_depth=settings.max_depth,
        bytes_repr=settings.bytes_repr,
        numbers=numbers,
    )
    return Codecs(classes, serializers)
