"""How classes travel in programs of older Pyros, which refuse what is unknown to them."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from ..errors import RemoteError, SecurityError, SerializeError
from ..serializers import ClassTable
from ..serializers.exceptions import TRACEBACK, class_name, read_error

__all__ = ["StrictClasses", "learn_errors"]

# What ends a process at home, or is no Exception; from afar it is an answer like others.
_ENDINGS = (BaseException, GeneratorExit, KeyboardInterrupt, SystemExit)


class StrictClasses(ClassTable):
    """Refuses what Pyro4 and Pyro5 refuse, and logs it as they do.

    Attributes:
        log: Where to.
    """

    __slots__ = ()

    log: ClassVar[logging.Logger]

    def from_form(self, form: dict[str, Any]) -> Any:
        """Return the object of a class form.

        Raises:
            SerializeError: Its class is unknown. If it is that of an exception, the
                error has what is known of it, ``_pyroTraceback`` among it.
            SecurityError: Likewise, and there are two underscores in the name.
        """
        try:
            value = super().from_form(form)
        except SecurityError as error:
            raise SecurityError(_refusal(form["__class__"])) from error
        except SerializeError as error:
            if str(error).startswith("unsupported serialized class"):
                self.log.warning("%s", error)
            raise
        if isinstance(value, RemoteError):  # no such thing in them
            self.log.warning("unsupported serialized class: %s", value.class_name)
            raise _unknown(value)
        return value

    def generic_form(self, value: Any) -> Any:
        """Return the class form of an object of which nothing special is known."""
        if isinstance(value, BaseException) and not isinstance(value, Exception):
            return {
                "__class__": class_name(type(value)),
                "__exception__": True,
                "args": value.args,
                "attributes": dict(vars(value)),
            }
        return super().generic_form(value)

    def error_to_form(
        self, error: BaseException, traceback: list[str] | None
    ) -> dict[str, Any]:
        """Return the class form of what a method raised.

        What would end the client's process, were it raised there, goes as another error.
        """
        if isinstance(error, Exception):
            return super().error_to_form(error, traceback)
        form = super().generic_form(error)
        return {**form, "attributes": {**form["attributes"], TRACEBACK: traceback}}


def _unknown(error: RemoteError) -> SerializeError | SecurityError:
    new: SerializeError | SecurityError
    if "__" in error.class_name:
        new = SecurityError(_refusal(str(error)))
    else:
        new = SerializeError(f"unsupported serialized class: {error}")
    vars(new).update(vars(error))
    return new


def _refusal(what: str) -> str:
    return f"refused to deserialize types with double underscores in their name: {what}"


def learn_errors(classes: ClassTable, errors: Any) -> None:
    """Let the errors of a package, and what ends processes, arrive as what they are.

    Args:
        classes: The package's.
        errors: Its module of errors. Each counts with and without the module's name.
    """
    for name in errors.__all__:
        cls = getattr(errors, name)
        if isinstance(cls, type):
            _learn(classes, errors, cls, errors.__name__)
            _learn(classes, errors, cls, "")
    for cls in _ENDINGS:
        for module in ("builtins", "exceptions", ""):  # the second is that of Python 2
            _learn(classes, errors, cls, module)


def _learn(classes: ClassTable, errors: Any, cls: type[BaseException], module: str) -> None:
    """Make exceptions that arrive under the name of *cls* instances of it."""

    def read(name: str, form: dict[str, Any]) -> BaseException:
        if module != errors.__name__ and form.get("__exception__") is not True:
            raise SerializeError(f"unsupported serialized class: {name}")
        plain = {**form, "__class__": "PyroError", "pyrophone": None}
        like = read_error(plain, classes.from_form)
        error = cls(*like.args)
        vars(error).update(vars(like))
        return error

    classes.register_name(f"{module}.{cls.__name__}" if module else cls.__name__, read)
