"""Which members of an object may be used remotely.

Nothing may be, unless it is marked with :func:`expose`. The decorators set one
attribute on the function they mark, and nothing else anywhere.
"""

from __future__ import annotations

import dataclasses
import difflib
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ..errors import NotExposedError
from ..serializers.annotations import classes_of_members, mentioned_classes
from ..wire.metadata import Metadata
from .observables import observable

__all__ = [
    "INSTANCE_MODES",
    "Instancing",
    "Members",
    "callback",
    "expose",
    "instances",
    "is_marked",
    "is_private",
    "oneway",
]

T = TypeVar("T")

INSTANCE_MODES = ("session", "single", "percall")

_MARK = "_pyrophone_mark"
_INSTANCING = "_pyrophone_instancing"

# Double-underscore names that no peer may use, whatever is marked. Those that
# are missing here, such as __len__ and __getitem__, are ordinary methods.
_PRIVATE_WORDS = """
    init init_subclass class module weakref call new del repr str format nonzero bool
    coerce cmp eq ne hash ge gt le lt dir enter exit copy deepcopy sizeof getattr setattr
    hasattr getattribute delattr instancecheck subclasscheck getinitargs getnewargs
    getstate setstate reduce reduce_ex subclasshook dict slots globals closure code
"""
_PRIVATE = frozenset(f"__{word}__" for word in _PRIVATE_WORDS.split())


@dataclasses.dataclass(frozen=True, slots=True)
class _Mark:
    exposed: bool = False
    oneway: bool = False
    callback: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Instancing:
    """When instances of a registered class are made, and how.

    Attributes:
        mode: ``session``: one for each connection; ``single``: one for all;
            ``percall``: one for each call.
        creator: Called with the class, gives the instance; None calls the class.
    """

    mode: str = "session"
    creator: Callable[[Any], Any] | None = None


def is_private(name: str) -> bool:
    """Tell whether *name* can't be used remotely, whatever is marked."""
    if name in _PRIVATE:
        return True
    dunder = len(name) > 4 and name.startswith("__") and name.endswith("__")
    return name.startswith("_") and not dunder


def is_marked(member: Any) -> bool:
    """Tell whether :func:`expose` marked a member of a class body."""
    return _get_mark(_function(member)).exposed


def expose(target: T) -> T:
    """Let a function, a property, an observable, or all of them in a class be used.

    Of a class, only what stands in its own body is marked; what it inherits keeps
    its own mark, and what begins with an underscore is left out.

    Raises:
        AttributeError: *target* is private, or can't be marked here.
    """
    if inspect.isclass(target):
        _check_name(target.__name__)
        for name, member in list(vars(target).items()):
            if not is_private(name) and (function := _function(member)) is not None:
                _set_mark(function, exposed=True)
        return target
    if isinstance(target, (classmethod, staticmethod)):
        raise AttributeError(
            "@expose must be done after @classmethod or @staticmethod: below it"
        )
    function = _function(target)
    if function is None:
        raise AttributeError(
            f"@expose cannot determine what this is: {type(target).__name__} "
            "is neither a class, a function nor a property"
        )
    _check_name(getattr(function, "__name__", ""))  # an observable has none yet
    _set_mark(function, exposed=True)
    return target


def oneway(function: T) -> T:
    """Mark a method: clients call it without waiting, and get no reply."""
    _set_mark(function, oneway=True)
    return function


def callback(function: T) -> T:
    """Mark a method: what it raises is logged here too, not only sent to the caller."""
    _set_mark(function, callback=True)
    return function


def instances(
    mode: str = "session", creator: Callable[[Any], Any] | None = None
) -> Callable[[type[T]], type[T]]:
    """Mark a class with when its instances are made: see :class:`Instancing`.

    Raises:
        ValueError: *mode* is none of those.
        TypeError: *creator* can't be called, or it is no class that is marked.
    """
    if not isinstance(mode, str):
        raise TypeError("@instances needs its arguments: write @instances('session')")
    if mode not in INSTANCE_MODES:
        raise ValueError(f"instance mode {mode!r} is none of {', '.join(INSTANCE_MODES)}")
    if creator is not None and not callable(creator):
        raise TypeError(f"instance creator {creator!r} can't be called")

    def mark(cls: type[T]) -> type[T]:
        if not inspect.isclass(cls):
            raise TypeError(f"@instances marks classes, not {type(cls).__name__}")
        setattr(cls, _INSTANCING, Instancing(mode, creator))
        return cls

    return mark


class Members:
    """The members of one class that may be used remotely; found once.

    Args:
        cls: The class.
        exposes: Tells of each public member, as it stands in a class body, whether it
            may be; by default whether it is marked.

    Attributes:
        methods: Names of what can be called.
        oneway: Those called without waiting.
        callbacks: Those whose errors are logged on this side too.
        attributes: The properties and observables by name.
        instancing: When instances are made, if the class is registered.
    """

    __slots__ = (
        "_found",
        "_used",
        "attributes",
        "callbacks",
        "instancing",
        "methods",
        "oneway",
        "owner",
    )

    def __init__(self, cls: type, exposes: Callable[[Any], bool] = is_marked) -> None:
        self.owner = cls.__name__
        self.instancing: Instancing = getattr(cls, _INSTANCING, Instancing())
        methods, oneways, callbacks = set(), set(), set()
        self.attributes: dict[str, property | observable[Any]] = {}
        self._used: list[Any] = []
        self._found: list[type] | None = None
        for name in dir(cls):
            if is_private(name):
                continue
            member = inspect.getattr_static(
                cls, name, None
            )  # a metaclass may list anything
            if not exposes(member):
                continue
            self._used.append(member)
            mark = _get_mark(_function(member))
            if isinstance(member, property | observable):
                self.attributes[name] = member
                continue
            methods.add(name)
            if mark.oneway:
                oneways.add(name)
            if mark.callback:
                callbacks.add(name)
        self.methods = frozenset(methods)
        self.oneway = frozenset(oneways)
        self.callbacks = frozenset(callbacks)

    @property
    def metadata(self) -> Metadata:
        """What a client is told."""
        return Metadata(self.methods, self.oneway, frozenset(self.attributes))

    @property
    def value_classes(self) -> list[type]:
        """The classes in the annotations of the members whose values can be built."""
        if self._found is None:
            kinds = [one.kind for one in self._used if isinstance(one, observable)]
            rest = [one for one in self._used if not isinstance(one, observable)]
            self._found = [*classes_of_members(rest), *mentioned_classes(kinds)]
        return self._found

    def method(self, obj: Any, name: str) -> Callable[..., Any]:
        """Return the method *name* of *obj*.

        Raises:
            NotExposedError: There is none that may be called.
        """
        if not isinstance(name, str) or name not in self.methods:
            raise self.refusal(name)
        function: Callable[..., Any] = getattr(obj, name)
        return function

    def get(self, obj: Any, name: str) -> Any:
        """Return the value of the property *name* of *obj*.

        Raises:
            NotExposedError: There is none that may be read.
        """
        member = self.attributes.get(name) if isinstance(name, str) else None
        if member is None:
            raise self.refusal(name, self.attributes)
        if member.fget is None:
            raise NotExposedError(f"attribute {name!r} of {self.owner} can't be read")
        return member.fget(obj)

    def set(self, obj: Any, name: str, value: Any) -> Any:
        """Set the property *name* of *obj* to *value*.

        Raises:
            NotExposedError: There is none that may be written.
        """
        member = self.attributes.get(name) if isinstance(name, str) else None
        if member is None:
            raise self.refusal(name, self.attributes)
        if member.fset is None:
            raise NotExposedError(f"attribute {name!r} of {self.owner} can't be written")
        return member.fset(obj, value)

    def refusal(self, name: Any, known: Iterable[str] | None = None) -> NotExposedError:
        """Return the error for a member that may not be used.

        Args:
            name: Of the member.
            known: What there is instead, by default the methods.
        """
        known = self.methods if known is None else known
        if not isinstance(name, str):
            return NotExposedError(f"a member's name is a text, not {type(name).__name__}")
        if is_private(name):
            return NotExposedError(f"attempt to access private attribute {name[:100]!r}")
        close = difflib.get_close_matches(name[:100], known, 3)
        hint = f", did you mean {' or '.join(map(repr, close))}?" if close else ""
        return NotExposedError(
            f"attempt to access unexposed or unknown remote attribute {name[:100]!r} "
            f"of {self.owner}{hint}"
        )


def _function(member: Any) -> Any:
    """Return the function behind a member of a class body, None if there is none."""
    if isinstance(member, property):
        return member.fget or member.fset or member.fdel
    if isinstance(member, observable):
        return member
    if isinstance(member, (classmethod, staticmethod)):
        member = member.__func__
    if inspect.isfunction(member) or type(member).__name__ == "cython_function_or_method":
        return member
    return None


def _get_mark(function: Any) -> _Mark:
    mark = getattr(function, _MARK, None)
    return mark if isinstance(mark, _Mark) else _Mark()


def _set_mark(target: Any, **changes: bool) -> None:
    function = _function(target)
    if function is None:
        raise AttributeError(f"{type(target).__name__} can't be marked: it is no function")
    setattr(function, _MARK, dataclasses.replace(_get_mark(function), **changes))


def _check_name(name: str) -> None:
    if is_private(name):
        raise AttributeError(
            f"exposing private names (starting with _) is not allowed: {name}"
        )
