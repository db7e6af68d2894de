"""Values of the users' classes, by their fields: what is written, and what is built.

Five kinds of classes have fields that are known without running anything: dataclasses,
enumerations, named tuples, and the models of attrs and pydantic. Of these, a value is
built where one arrives if its class was allowed; else it is a :class:`Record`.

What is built goes through the ``__init__`` of the class, where it has one that may object:
what a peer sends is judged by the class as what anybody else gives it.
"""

from __future__ import annotations

import dataclasses
import enum
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from ..errors import SecurityError, SerializeError
from .exceptions import safe_text, set_attributes

__all__ = [
    "KINDS",
    "OBJECT",
    "Allowed",
    "Record",
    "build_error",
    "full_name",
    "kind_of",
    "object_writer",
]

Form = dict[str, Any]

OBJECT = "pyrophone.Object"
KINDS = frozenset({"attrs", "dataclass", "enum", "namedtuple", "pydantic"})
_MAIN = "__main__"
_LONGEST_NAME = 1000  # of a class that is looked for part by part
_MOST_FLAGS = 4096  # combinations of one enumeration; it keeps each one that was made


class Record:
    """A value of a class that is not known here, or not allowed to be built.

    Sent on, it arrives as a value of its class where that is known.

    Attributes:
        name: Of its class, with the module.
        fields: Its attributes by name.
        kind: What the class is: ``dataclass``, ``enum``, ``namedtuple``, ``attrs``,
            ``pydantic``, or ``object`` for any other.
    """

    __slots__ = ("fields", "kind", "name")

    def __init__(self, name: str, fields: Mapping[str, Any], kind: str = "object") -> None:
        self.name = name
        self.fields = dict(fields)
        self.kind = kind

    def __repr__(self) -> str:
        fields = "".join(f", {name}={value!r}" for name, value in self.fields.items())
        return f"Record({self.name!r}{fields})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return self.name == other.name and self.fields == other.fields

    def __hash__(self) -> int:
        return hash((self.name, *self.fields.items()))


class Allowed:
    """The classes of which values may be built, by their names.

    A class of a program that is run, of ``__main__``, has another name where it is
    imported: between the two, the name without the module counts, if it is that of one.
    """

    __slots__ = ("_bare", "_builders", "_full", "_main")

    def __init__(self) -> None:
        self._full: dict[str, type] = {}
        self._bare: dict[str, set[str]] = {}  # the full names with that name
        self._main: dict[str, type] = {}  # those of our own __main__, by that name
        self._builders: dict[type, Callable[[Form], Any]] = {}

    def add(self, cls: type) -> None:
        """Allow *cls*, and no other."""
        name, bare = full_name(cls), cls.__qualname__
        self._full[name] = cls
        self._bare.setdefault(bare, set()).add(name)
        if cls.__module__ == _MAIN:
            self._main[bare] = cls

    def update(self, classes: Iterable[type]) -> None:
        """Allow *classes*."""
        for cls in classes:
            if cls not in self:
                self.add(cls)

    def __iter__(self) -> Iterator[type]:
        return iter(list(self._full.values()))

    def __contains__(self, cls: type) -> bool:
        return self._full.get(full_name(cls)) is cls

    def find(self, name: str) -> type | None:
        """Return the class that a peer calls *name*, if it is allowed."""
        cls = self._full.get(name)
        if cls is not None or not self._full or len(name) > _LONGEST_NAME:
            return cls
        module, _, bare = name.partition(".")
        if module == _MAIN:
            names = list(self._bare.get(bare, ()))
            return self._full[names[0]] if len(names) == 1 else None
        while bare and self._main:
            if bare in self._main:
                return self._main[bare]
            bare = bare.partition(".")[2]
        return None

    def build(self, cls: type, fields: Form) -> Any:
        """Return the value of an allowed class that has *fields*.

        Raises:
            SerializeError: They don't fit, or the class refuses them.
        """
        build = self._builders.get(cls)
        if build is None:
            build = self._builders[cls] = _builder(cls)
        try:
            return build(fields)
        except (SerializeError, SecurityError):
            raise
        except Exception as error:  # the code of the class ran
            reason = safe_text(error) or type(error).__name__
            raise SerializeError(f"no {full_name(cls)}: {reason}") from error


def full_name(cls: type) -> str:
    """Return the name of *cls*: of its module, and of itself in there."""
    return f"{cls.__module__}.{cls.__qualname__}"


def kind_of(cls: type) -> str | None:
    """Return the kind of a class whose fields are known; None for any other."""
    own = cls.__dict__
    if issubclass(cls, enum.Enum):
        return "enum"
    if "__dataclass_fields__" in own:
        return "dataclass"
    if issubclass(cls, tuple):
        return "namedtuple" if _names_of_tuple(cls) else None
    if "__attrs_attrs__" in own:
        return "attrs"
    pydantic = sys.modules.get("pydantic")
    model = getattr(pydantic, "BaseModel", None)
    if isinstance(model, type) and issubclass(cls, model) and hasattr(cls, "model_fields"):
        return "pydantic"
    return None


def _names_of_tuple(cls: Any) -> tuple[str, ...]:
    names = getattr(cls, "_fields", None)
    return names if isinstance(names, tuple) and all(type(n) is str for n in names) else ()


# What is written.


def object_writer(cls: type, kind: str) -> Callable[[Any], Form]:
    """Return what gives the class form of a value of *cls*, which is of that kind."""
    name = full_name(cls)
    fields_of = _FIELDS[kind](cls)

    def write(value: Any) -> Form:
        return {"__class__": OBJECT, "name": name, "kind": kind, "fields": fields_of(value)}

    return write


def _by_names(names: Iterable[str]) -> Callable[[Any], Form]:
    wanted = tuple(names)
    return lambda value: {n: getattr(value, n) for n in wanted if hasattr(value, n)}


def _fields_of_enum(cls: Any) -> Callable[[Any], Form]:
    def fields(value: Any) -> Form:
        plain = type(value.value) in (int, str, float, bool, type(None))
        return {"name": value.name, **({"value": value.value} if plain else {})}

    return fields


def _fields_of_model(cls: Any) -> Callable[[Any], Form]:
    return lambda value: {**vars(value), **(value.__pydantic_extra__ or {})}


_FIELDS: Mapping[str, Callable[[Any], Callable[[Any], Form]]] = MappingProxyType(
    {
        "dataclass": lambda cls: _by_names(f.name for f in dataclasses.fields(cls)),
        "enum": _fields_of_enum,
        "namedtuple": lambda cls: lambda value: dict(zip(cls._fields, value, strict=True)),
        "attrs": lambda cls: _by_names(a.name for a in cls.__attrs_attrs__),
        "pydantic": _fields_of_model,
    }
)


# What is built.


def _builder(cls: Any) -> Callable[[Form], Any]:
    """Return what makes a value of *cls* from its fields."""
    kind = kind_of(cls)
    if kind == "enum":
        return lambda fields: _member(cls, fields)
    if kind == "namedtuple":
        return lambda fields: _make_tuple(cls, fields)
    if kind == "pydantic":
        return lambda fields: _make_model(cls, fields)
    if kind == "dataclass":
        taken = {f.name: f.name for f in dataclasses.fields(cls) if f.init}
        known = frozenset(f.name for f in dataclasses.fields(cls))
    else:
        taken = {a.name: a.alias for a in cls.__attrs_attrs__ if a.init}
        known = frozenset(a.name for a in cls.__attrs_attrs__)
    if set(list(inspect.signature(cls.__init__).parameters)[1:]) != set(taken.values()):
        taken = {}  # it wants what no field has

    def build(fields: Form) -> Any:
        _check_names(cls, fields, known)
        given = {taken[name]: value for name, value in fields.items() if name in taken}
        if not taken and known - fields.keys():
            raise SerializeError(f"{full_name(cls)} lacks {min(known - fields.keys())!r}")
        value = cls(**given) if taken or not known else object.__new__(cls)
        for name in fields.keys() - taken.keys():
            object.__setattr__(value, name, fields[name])
        return value

    return build


def _check_names(cls: type, fields: Form, known: Iterable[str]) -> None:
    unknown = sorted(fields.keys() - known)
    if unknown:
        raise SerializeError(f"{full_name(cls)} has no field {unknown[0]!r:.80}")


def _member(cls: Any, fields: Form) -> Any:
    name, value = fields.get("name"), fields.get("value")
    if isinstance(name, str) and name in cls.__members__:
        return cls.__members__[name]
    if issubclass(cls, enum.Flag) and type(value) is int:
        made = cls._value2member_map_
        if value in made:
            return made[value]
        if len(made) >= _MOST_FLAGS:
            raise SerializeError(
                f"{full_name(cls)} has {len(made)} combinations, limit is {_MOST_FLAGS}"
            )
        return cls(value)
    raise SerializeError(f"{full_name(cls)} has no member {name!r:.80}")


def _make_tuple(cls: Any, fields: Form) -> Any:
    _check_names(cls, fields, cls._fields)
    values = {**cls._field_defaults, **fields}
    missing = [name for name in cls._fields if name not in values]
    if missing:
        raise SerializeError(f"{full_name(cls)} lacks field {missing[0]!r}")
    return tuple.__new__(cls, [values[name] for name in cls._fields])


def _make_model(cls: Any, fields: Form) -> Any:
    known = cls.model_fields
    if cls.model_config.get("extra") != "allow":
        _check_names(cls, fields, known)
    if list(known) == ["root"]:
        return cls.model_validate(fields.get("root"))
    given = {}
    for name, value in fields.items():
        own = known.get(name)
        alias = own and (own.validation_alias or own.alias)
        alias = getattr(alias, "choices", [alias])[0]
        given[alias if isinstance(alias, str) else name] = value
    return cls.model_validate(given)


def build_error(cls: type[BaseException], form: Form) -> BaseException:
    """Return the exception of a class form, of the class *cls*, which is allowed.

    Its arguments and attributes are those that it had. No ``__new__`` or ``__init__`` of
    its own is run: what those take need not be what they give on to be the arguments.

    Raises:
        SerializeError: The form is malformed.
    """
    args, attributes = form.get("args"), form.get("attributes") or {}
    if not isinstance(args, (list, tuple)) or type(attributes) is not dict:
        raise SerializeError(f"malformed exception {full_name(cls)}")
    base: Any = cls
    while base.__module__ != "builtins":
        base = base.__base__
    error: BaseException = base.__new__(cls, *args)
    try:
        base.__init__(error, *args)  # what OSError and its like keep apart, too
    except (TypeError, ValueError):
        error.args = tuple(args)
    set_attributes(error, attributes)
    return error
