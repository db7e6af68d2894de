"""Plain values: what stands for other objects, and where in a value one has no stand-in."""

from __future__ import annotations

import array
import collections
import collections.abc
import datetime
import decimal
import enum
import numbers
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..errors import SerializeError
from .classes import NO_FORM, ClassTable
from .exceptions import safe_repr, safe_text
from .functions import FunctionFoundError

__all__ = [
    "EXACT",
    "Preparation",
    "attempt",
    "holds_more",
    "plain_form",
    "unwritable",
    "unwritable_call",
]

# Types whose values travel as they are; None and bool can't be subclassed.
EXACT = frozenset(
    {str, bool, int, float, complex, bytes, tuple, list, dict, set, frozenset}
)
_CONTAINERS = frozenset({tuple, list, dict, set, frozenset})


def _array(value: array.array[Any]) -> Any:
    return value.tounicode() if value.typecode == "u" else value.tolist()


# What stands for an object of the standard library in every format; the first
# that fits. Subclasses of plain types travel as their base.
_PLAIN: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (enum.Enum, lambda value: value.value),
    (str, str.__str__),
    (int, int.__int__),
    (float, float.__float__),
    (complex, complex.__complex__),
    ((bytearray, memoryview, bytes), bytes),
    (tuple, tuple),
    (
        (
            list,
            collections.deque,
            collections.UserList,
            collections.abc.KeysView,
            collections.abc.ValuesView,
            collections.abc.ItemsView,
        ),
        list,
    ),
    ((dict, collections.UserDict), dict),
    (collections.UserString, str),
    (frozenset, frozenset),
    (set, set),
    (datetime.date, lambda value: value.isoformat()),
    (datetime.time, str),
    (datetime.timedelta, datetime.timedelta.total_seconds),
    ((decimal.Decimal, uuid.UUID), str),
    (array.array, _array),
    (numbers.Integral, int),  # of numpy, for instance
)


def plain_form(value: Any) -> Any:
    """Return the plain value that stands for *value*, or NO_FORM.

    An object of a subclass gives one of its base; exact plain types give NO_FORM.
    """
    if type(value) not in EXACT:
        for kinds, convert in _PLAIN:
            if isinstance(value, kinds):
                return convert(value)
        if isinstance(value, numbers.Real) and not isinstance(value, numbers.Rational):
            return float(value)
    return NO_FORM


class Preparation:
    """Makes of any value one of plain types only, for a library that writes those.

    Args:
        classes: Gives the forms of objects.
        atoms: Exact types that the library takes as they are.
        max_depth: How deep containers may nest.
        sets: Whether the library takes sets; if not, they become lists.
        special: Asked before the rules common to all formats; gives NO_FORM,
            or something of the types in *atoms*.
        replace: Asked in place of :meth:`replace`, which it may call.
    """

    __slots__ = ("_ask", "_atoms", "_classes", "_sets", "_special", "max_depth")

    def __init__(
        self,
        classes: ClassTable,
        atoms: frozenset[type],
        max_depth: int,
        *,
        sets: bool = False,
        special: Callable[[Any], Any] | None = None,
        replace: Callable[[Any], Any] | None = None,
    ) -> None:
        self._ask = replace
        self._classes = classes
        self._atoms = atoms
        self._sets = sets
        self._special = special
        self.max_depth = max_depth

    def prepare(self, value: Any, depth: int) -> Any:
        """Return *value*, prepared, which may have *depth* more levels.

        Raises:
            SerializeError: Something in it can't be prepared.
        """
        kind = type(value)
        atoms = self._atoms
        if kind in atoms:
            return value
        if kind not in EXACT or kind is bytes or kind is complex:
            ask = self._ask or self.replace
            return self.prepare(ask(value), depth)
        if depth <= 0:
            raise SerializeError(f"nested deeper than {self.max_depth} levels")
        depth -= 1
        if kind is dict:
            prepared = {}
            for key, item in value.items():
                if type(key) not in atoms:
                    key = self._key(key, depth)
                if type(item) not in atoms:
                    item = self.prepare(item, depth)
                prepared[key] = item
            return prepared
        items = [
            item if type(item) in atoms else self.prepare(item, depth) for item in value
        ]
        if kind is tuple:
            return tuple(items)
        return items if kind is list or not self._sets else kind(items)

    def replace(self, value: Any) -> Any:
        """Return what stands for *value*, which is of no plain type."""
        form = self._classes.registered_form(value)
        if form is NO_FORM and self._special is not None:
            form = self._special(value)
        if form is NO_FORM:
            form = plain_form(value)
        return self._classes.generic_form(value) if form is NO_FORM else form

    def _key(self, key: Any, depth: int) -> Any:
        """Return a mapping's *key*, prepared; only plain ones are."""
        plain = plain_form(key)
        key = key if plain is NO_FORM else plain
        if self._sets and (type(key) is tuple or type(key) is frozenset):
            if depth <= 0:
                raise SerializeError(f"nested deeper than {self.max_depth} levels")
            return type(key)([self._key(item, depth - 1) for item in key])
        if type(key) not in self._atoms:
            raise SerializeError(f"a {type(key).__name__} can't be a key")
        return key


def holds_more(value: Any, most: int) -> bool:
    """Tell whether plain *value* is more than so many, containers and keys counted."""
    left = most - 1
    level = [value]
    while level:
        inner: list[Any] = []
        for container in level:
            if type(container) in _CONTAINERS:
                inner += container
                if type(container) is dict:
                    inner += container.values()
                if len(inner) > left:
                    return True
        left -= len(inner)
        level = [item for item in inner if type(item) in _CONTAINERS]
    return False


_MOST_STEPS = 220  # of which each tries a value as deep as may be

# Finding the culprit. Writing keeps no path, because that costs; after a failure
# there is time: try each part by itself, and go on in the one that fails.


def unwritable(
    value: Any,
    error: Exception,
    write: Callable[[Any], Any],
    classes: ClassTable,
    path: str = "result",
) -> SerializeError:
    """Return what to raise where writing *value* failed with *error*.

    Args:
        value: What could not be written.
        error: What writing it raised.
        write: Writes a value, or raises.
        classes: Gives the forms of objects.
        path: What to call *value*.
    """
    whole, first = path, error
    above: set[int] = set()
    for _ in range(_MOST_STEPS):
        above.add(id(value))
        culprit = _first_culprit(_parts(value, classes), write)
        if culprit is None:
            kind = (
                FunctionFoundError
                if isinstance(error, FunctionFoundError)
                else SerializeError
            )
            return kind(f"{path}: {_reason(error)}")
        step, value, error = culprit
        path += step
        if id(value) in above:
            return SerializeError(f"{path}: circular structure")
    return SerializeError(f"{whole}: {_reason(first)}")  # too deep to say more


def unwritable_call(
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None,
    error: Exception,
    write: Callable[[Any], Any],
    classes: ClassTable,
) -> SerializeError:
    """Return what to raise where writing a call failed; see :func:`unwritable`."""
    named = [(f"argument {number}", arg) for number, arg in enumerate(args, 1)]
    named += [(f"argument {name!r}", arg) for name, arg in (kwargs or {}).items()]
    culprit = _first_culprit(named, write)
    if culprit is None:
        return SerializeError(f"call: {_reason(error)}")
    path, arg, problem = culprit
    return unwritable(arg, problem, write, classes, path)


def _first_culprit(
    named: Iterable[tuple[str, Any]], write: Callable[[Any], Any]
) -> tuple[str, Any, Exception] | None:
    for name, part in named:
        problem = attempt(write, part)
        if problem is not None:
            return name, part, problem
    return None


def attempt(write: Callable[[Any], Any], value: Any) -> Exception | None:
    """Return what *write* raises for *value*, None if nothing."""
    try:
        write(value)
    except Exception as error:
        # With its traceback it would be held by frames that it holds, and all that is in
        # the frames of the caller with it, until the collector comes.
        return error.with_traceback(None)
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return safe_text(error) or type(error).__name__


def _parts(value: Any, classes: ClassTable) -> Iterator[tuple[str, Any]]:
    """Yield the parts that *value* is written by, each with the step to it."""
    kind = type(value)
    if kind not in EXACT:
        try:
            form = classes.registered_form(value)
            plain = plain_form(value) if form is NO_FORM else NO_FORM
            if plain is not NO_FORM:
                value = plain
            else:
                form = classes.generic_form(value) if form is NO_FORM else form
                if isinstance(form, Mapping):
                    if isinstance(form.get("fields"), Mapping):  # of a user's class
                        form = form["fields"]
                    yield from ((f".{name}", item) for name, item in form.items())
                return
        except Exception:
            return  # it can't even be taken apart
    if isinstance(value, dict):
        yield from ((f"[{safe_repr(key)}]", item) for key, item in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"[{index}]", item) for index, item in enumerate(value))
    elif isinstance(value, (set, frozenset)):
        yield from (("{}", item) for item in value)
