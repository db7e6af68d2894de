"""Tracebacks of both sides, serializers, and what of an object is exposed."""

from __future__ import annotations

import importlib
import logging

from . import errors as errors
from .configuration import config
from .exposure import is_private_attribute
from .members import (
    get_exposed_members,
    get_exposed_property_value,
    getAttribute,
    reset_exposed_members,
    set_exposed_property_value,
)
from .pickles import CloudpickleSerializer, DillSerializer, PickleSerializer
from .serializers import (
    JsonSerializer,
    MarshalSerializer,
    MsgpackSerializer,
    SerializerBase,
    SerpentSerializer,
    all_exceptions,
    get_serializer,
    get_serializer_by_id,
    serializers,
    serializers_by_id,
)
from .tracebacks import excepthook, formatTraceback, getPyroTraceback

__all__ = [
    "CloudpickleSerializer",
    "DillSerializer",
    "JsonSerializer",
    "MarshalSerializer",
    "MsgpackSerializer",
    "PickleSerializer",
    "SerializerBase",
    "SerpentSerializer",
    "all_exceptions",
    "excepthook",
    "fixIronPythonExceptionForPickle",
    "formatTraceback",
    "getAttribute",
    "getPyroTraceback",
    "get_exposed_members",
    "get_exposed_property_value",
    "get_serializer",
    "get_serializer_by_id",
    "is_private_attribute",
    "json",
    "reset_exposed_members",
    "set_exposed_property_value",
]

log = logging.getLogger("Pyro4.util")
json = importlib.import_module(config.JSON_MODULE)
_serializers = serializers
_serializers_by_id = serializers_by_id


def fixIronPythonExceptionForPickle(
    exceptionObject: BaseException, addAttributes: bool
) -> None:
    """Do nothing: only IronPython, which is not supported, needs it."""
