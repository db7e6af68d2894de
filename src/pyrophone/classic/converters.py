"""What the serializers of older Pyros share: the registry of classes, and their names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from ..errors import PyrophoneError
from ..serializers import ClassTable
from ..serializers.classes import NO_FORM
from .generation import Generation

__all__ = ["ReplacingTable", "Serializing"]


class ReplacingTable(ClassTable):
    """The table of classes as one kind of serializer sees it.

    Args:
        classes: The one that all kinds share.

    Attributes:
        replacements: What to write for objects of exactly these types.
    """

    __slots__ = ("_shared", "replacements")

    def __init__(self, classes: ClassTable) -> None:
        super().__init__()
        self._shared = classes
        self.replacements: dict[type, Callable[[Any], Any]] = {}

    def registered_form(self, value: Any) -> Any:
        """Return what stands for *value*; NO_FORM if nothing is registered."""
        replace = self.replacements.get(type(value))
        form = NO_FORM if replace is None else replace(value)
        return self._shared.registered_form(value) if form is NO_FORM else form

    def generic_form(self, value: Any) -> Any:
        """Return the class form of an object of which nothing special is known."""
        return self._shared.generic_form(value)

    def from_form(self, form: dict[str, Any]) -> Any:
        """Return the object of a class form."""
        return self._shared.from_form(form)


class Serializing:
    """What all serializers have, and the registry of classes that they share.

    A serializer of one's own derives from a package's base, has a ``serializer_id``, and
    defines ``dumps``, ``loads``, ``dumpsCall`` and ``loadsCall``.

    Attributes:
        generation: The package's.
        table: The classes as this kind of serializer sees them; each has its own.
    """

    generation: ClassVar[Generation]
    table: ClassVar[ReplacingTable]

    name = ""
    serializer_id = 0

    @property
    def id(self) -> int:
        """The serializer's number on the wire."""
        return self.serializer_id

    def dumps(self, data: Any) -> bytes:
        """Return the bytes of a value."""
        raise NotImplementedError

    def loads(self, data: Any) -> Any:
        """Return the value of bytes."""
        raise NotImplementedError

    def dumpsCall(self, obj: str, method: str, vargs: Any, kwargs: Any) -> bytes:
        """Return the bytes of a call."""
        raise NotImplementedError

    def loadsCall(self, data: Any) -> Any:
        """Return the object id, the method, the arguments and keywords of a call."""
        raise NotImplementedError

    def dumps_call(
        self,
        object_id: str,
        method: str,
        args: Sequence[Any],
        kwargs: Mapping[str, Any] | None,
    ) -> bytes:
        """Do what :meth:`dumpsCall` does, for Pyrophone."""
        return self.dumpsCall(object_id, method, args, kwargs)

    def loads_call(self, data: bytes) -> Any:
        """Do what :meth:`loadsCall` does, for Pyrophone."""
        return self.loadsCall(data)

    def recreate_classes(self, literal: Any) -> Any:
        """Return a value with the dicts in it made to objects that have a ``__class__``."""
        with self.generation.translated():
            return self.generation.classes.revive(literal)

    @classmethod
    def register_class_to_dict(
        cls, clazz: type, converter: Callable[[Any], Any], serpent_too: bool = True
    ) -> None:
        """Send instances of *clazz*, or of a subclass, as what *converter* gives."""
        cls.generation.classes.register(clazz, converter)

    @classmethod
    def unregister_class_to_dict(cls, clazz: type) -> None:
        """Undo :meth:`register_class_to_dict`."""
        cls.generation.classes.unregister(clazz)

    @classmethod
    def register_dict_to_class(
        cls, classname: str, converter: Callable[[str, dict[str, Any]], Any]
    ) -> None:
        """Make what arrives as class *classname* by *converter*\\ (classname, dict)."""
        cls.generation.classes.register_name(classname, converter)

    @classmethod
    def unregister_dict_to_class(cls, classname: str) -> None:
        """Undo :meth:`register_dict_to_class`."""
        cls.generation.classes.unregister_name(classname)

    @classmethod
    def register_type_replacement(
        cls, object_type: type, replacement_function: Callable[[Any], Any]
    ) -> None:
        """Write objects of exactly *object_type* as what the function gives for them."""
        raise NotImplementedError

    @classmethod
    def class_to_dict(cls, obj: Any) -> Any:
        """Return the dict that is sent for *obj*.

        Raises:
            SerializeError: There is none.
        """
        try:
            return cls.generation.classes.to_form(obj)
        except PyrophoneError as error:
            raise cls.generation.translated().refusal(
                error,
                f"don't know how to serialize class {type(obj)} using serializer "
                f"{cls.__name__}. Give it vars() or an appropriate __getstate__",
            ) from error.__cause__

    @classmethod
    def dict_to_class(cls, data: dict[str, Any]) -> Any:
        """Return the object that is made of a dict with a ``__class__``.

        Raises:
            SecurityError: Its name has two underscores.
            SerializeError: Nothing is known of it.
        """
        with cls.generation.translated():
            return cls.generation.classes.from_form({"__class__": "<unknown>", **data})

    @classmethod
    def make_exception(
        cls, exceptiontype: type[BaseException], data: Mapping[str, Any]
    ) -> BaseException:
        """Return an exception of that class, from its ``args`` and ``attributes``."""
        error = exceptiontype(*data["args"])
        for name, value in (data.get("attributes") or {}).items():
            setattr(error, name, value)
        return error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Serializing) and vars(self) == vars(other)

    __hash__ = object.__hash__
