"""How objects of one's own classes travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .border import translated
from .tables import CLASSES

__all__ = ["SerializerBase"]


class SerializerBase:
    """The registry of classes; one for all serializers of the process."""

    @classmethod
    def register_class_to_dict(
        cls, clazz: type, converter: Callable[[Any], Any], serpent_too: bool = True
    ) -> None:
        """Send instances of *clazz*, or of a subclass, as what *converter* gives."""
        CLASSES.register(clazz, converter)

    @classmethod
    def unregister_class_to_dict(cls, clazz: type) -> None:
        """Undo :meth:`register_class_to_dict`."""
        CLASSES.unregister(clazz)

    @classmethod
    def register_dict_to_class(
        cls, classname: str, converter: Callable[[str, dict[str, Any]], Any]
    ) -> None:
        """Make what arrives as class *classname* by *converter*\\ (classname, dict)."""
        CLASSES.register_name(classname, converter)

    @classmethod
    def unregister_dict_to_class(cls, classname: str) -> None:
        """Undo :meth:`register_dict_to_class`."""
        CLASSES.unregister_name(classname)

    @classmethod
    def class_to_dict(cls, obj: Any) -> Any:
        """Return the dict that is sent for *obj*."""
        with translated():
            return CLASSES.to_form(obj)

    @classmethod
    def dict_to_class(cls, data: dict[str, Any]) -> Any:
        """Return the object that is made of a dict with a ``__class__``."""
        with translated():
            return CLASSES.from_form(data)
