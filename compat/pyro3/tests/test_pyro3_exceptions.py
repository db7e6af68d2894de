"""Exceptions of classes that are hard to make again."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from typing import Any

import pytest

import Pyro.core
import Pyro.util
from Pyro.errors import NoModuleError

RUN: list[str] = []  # code of classes that ran
KEPT = ("errno", "strerror", "filename", "filename2", "encoding", "object", "reason")


class Loud(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        RUN.append("metaclass")
        return super().__call__(*args, **kwargs)


class Made(Exception, metaclass=Loud):
    """Has all that could run when it is made."""

    def __new__(cls, first: Any, *, second: Any) -> Any:
        RUN.append("__new__")
        return super().__new__(cls, first)

    def __init__(self, first: Any, *, second: Any) -> None:
        RUN.append("__init__")
        super().__init__(first)
        self.__dict__["second"] = second
        self.__dict__["judged"] = "by its setter"

    def __setattr__(self, name: str, value: Any) -> None:
        RUN.append("__setattr__")
        raise RuntimeError(name)

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    @property
    def judged(self) -> Any:
        return "from the class"

    @judged.setter
    def judged(self, value: Any) -> None:
        RUN.append("setter")

    def __reduce__(self) -> Any:
        return RUN.append, ("__reduce__",)

    def __setstate__(self, state: Any) -> None:
        RUN.append("__setstate__")


class NoFileError(OSError):
    def __init__(self, path: str) -> None:
        super().__init__(2, "gone", path)


class NoTextError(UnicodeDecodeError):
    def __init__(self, reason: str) -> None:
        super().__init__("ascii", b"\xff", 0, 1, reason)


class BothError(KeyError, OSError):
    def __init__(self, text: str) -> None:
        super().__init__(text)


class Outer:
    class InnerError(Exception):
        pass


class OddError(UnicodeDecodeError):
    """Its arguments are not what its base wants."""

    def __init__(self) -> None:
        super().__init__("ascii", b"\xff", 0, 1, "why")
        self.args = ("something", "else")


class Faulty(Pyro.core.ObjBase):
    def __init__(self) -> None:
        super().__init__()
        self.error: Any = None
        self.behind: Any = None

    def fail(self) -> None:
        raise self.error

    def give(self) -> Any:
        return [self.error]

    def relay(self) -> Any:
        return self.behind.fail()


def test_no_code_of_its_class_runs_where_an_exception_arrives(
    serve: Callable[..., Any], threaded: int
) -> None:
    faulty = Faulty()
    proxy = serve(faulty)
    faulty.error = Made("one", second=(2, [3]))
    RUN.clear()
    for _ in range(2):
        with pytest.raises(Made) as caught:
            proxy.fail()
        assert caught.value.args == ("one",)
        assert vars(caught.value)["second"] == (2, [3])
        assert caught.value.judged == "from the class"
        assert "raise self.error" in "".join(caught.value.remote_stacktrace)
        assert "raise self.error" in "".join(Pyro.util.getPyroTraceback(caught.value))
    assert RUN == []


@pytest.mark.parametrize(
    "error",
    [
        NoFileError("/here"),
        NoTextError("why"),
        BothError("text"),
        Outer.InnerError("inner"),
        ExceptionGroup("several", [KeyError("k"), NoFileError("/there")]),
        PermissionError(13, "no", "/a", None, "/b"),
        KeyError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_exception_arrives_with_what_its_base_keeps(
    serve: Callable[..., Any], error: Exception
) -> None:
    faulty = Faulty()
    faulty.error = error
    with pytest.raises(type(error)) as caught:
        serve(faulty).fail()
    found = caught.value
    assert type(found) is type(error)
    assert (str(found), repr(found)) == (str(error), repr(error))
    assert [getattr(found, name, None) for name in KEPT] == [
        getattr(error, name, None) for name in KEPT
    ]


def test_arguments_that_its_base_can_not_use_arrive_all_the_same(
    serve: Callable[..., Any],
) -> None:
    faulty = Faulty()
    faulty.error = OddError()
    with pytest.raises(OddError) as caught:
        serve(faulty).fail()
    assert caught.value.args == ("something", "else")


def test_an_exception_of_a_class_that_is_not_known_names_it(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    faulty = Faulty()
    proxy = serve(faulty)
    kind = type("GoneError", (Exception,), {"__module__": "for_now"})
    faulty.error = kind("text")
    with pytest.raises(NoModuleError, match=r"for_now\.GoneError: text"):
        proxy.fail()
    with pytest.raises(NoModuleError, match=r"for_now\.GoneError is not known here"):
        proxy.give()
    module = types.ModuleType("for_now")
    monkeypatch.setattr(module, "GoneError", kind, raising=False)
    monkeypatch.setitem(sys.modules, "for_now", module)
    with pytest.raises(kind):
        proxy.fail()
    assert type(proxy.give()[0]) is kind


def test_a_remote_traceback_goes_through_all_who_were_asked(
    serve: Callable[..., Any],
) -> None:
    behind, front = Faulty(), Faulty()
    behind.error = ZeroDivisionError("far behind")
    front.behind = serve(behind)
    with pytest.raises(ZeroDivisionError) as caught:
        serve(front).relay()
    text = "".join(caught.value.remote_stacktrace)  # type: ignore[attr-defined]
    assert "in relay" in text
    assert "in fail" in text
    assert text.count("Remote traceback:") == 1
