"""What the tables of older Pyros refuse, and how their errors travel."""

from __future__ import annotations

import logging
from types import ModuleType
from typing import Any

import pytest

import Pyro4.errors
import Pyro5.errors
from pyrophone.classic.classes import StrictClasses, learn_errors
from pyrophone.errors import SecurityError, SerializeError

BOTH = pytest.mark.parametrize("errors", [Pyro4.errors, Pyro5.errors])


class Classes(StrictClasses):
    """One that logs to a place of its own."""

    __slots__ = ()

    log = logging.getLogger("tests.classes")


def form(name: str, *args: Any, **attributes: Any) -> dict[str, Any]:
    return {
        "__class__": name,
        "__exception__": True,
        "args": args,
        "attributes": attributes,
    }


def test_an_exception_of_an_unknown_class_keeps_what_is_known(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(SerializeError) as caught:
        Classes().from_form(form("lab.Hot", "too hot", degrees=451))
    assert str(caught.value) == "unsupported serialized class: lab.Hot: too hot"
    assert caught.value.degrees == 451  # type: ignore[attr-defined]
    assert caplog.messages == ["unsupported serialized class: lab.Hot"]


@pytest.mark.parametrize("exception", [True, False])
def test_two_underscores_are_a_matter_of_security(exception: bool) -> None:
    data = form("__main__.Hot", "too hot") if exception else {"__class__": "__main__.Hot"}
    with pytest.raises(SecurityError, match="double underscores in their name"):
        Classes().from_form(data)


def test_an_unknown_class_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(SerializeError, match="unsupported serialized class"):
        Classes().from_form({"__class__": "lab.Box"})
    assert caplog.messages == ["unsupported serialized class: lab.Box"]


def test_what_ends_processes_is_written_as_it_is_but_raised_as_another() -> None:
    classes = Classes()
    assert classes.to_form(SystemExit(3)) == {
        **form("builtins.SystemExit", 3),
    }
    assert classes.error_to_form(SystemExit(3), ["tb"])["args"] == ("SystemExit: 3",)
    assert classes.error_to_form(KeyError(3), ["tb"]) == form(
        "builtins.KeyError", 3, _pyroTraceback=["tb"]
    )


@BOTH
def test_errors_of_a_package_arrive_by_both_names(errors: ModuleType) -> None:
    classes = Classes()
    learn_errors(classes, errors)
    for name in (f"{errors.__name__}.NamingError", "NamingError"):
        error = classes.from_form(form(name, "who", detail=3))
        assert (type(error), error.args, error.detail) == (errors.NamingError, ("who",), 3)
    assert type(classes.from_form(form("exceptions.SystemExit", 3))) is SystemExit


@BOTH
def test_names_without_module_are_only_those_of_exceptions(errors: ModuleType) -> None:
    classes = Classes()
    learn_errors(classes, errors)
    with pytest.raises(SerializeError, match="unsupported serialized class: NamingError"):
        classes.from_form({"__class__": "NamingError", "args": []})
    plain = {"__class__": f"{errors.__name__}.NamingError", "args": []}
    assert type(classes.from_form(plain)) is errors.NamingError
