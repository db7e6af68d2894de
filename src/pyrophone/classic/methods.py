"""Methods of remote objects, and the queueing of their calls."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from .generation import Generation

__all__ = ["BatchedMethod", "ClassicMethod"]


class ClassicMethod:
    """A method of a remote object; a name added to it is part of a longer one."""

    _pyroGeneration: ClassVar[Generation]

    def __init__(self, send: Any, name: str, max_retries: int) -> None:
        self.__send = send
        self.__name = name
        self.__max_retries = max_retries

    def __getattr__(self, name: str) -> Self:
        return type(self)(self.__send, f"{self.__name}.{name}", self.__max_retries)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        errors = self._pyroGeneration.errors
        for _ in range(self.__max_retries):
            try:
                return self.__send(self.__name, args, kwargs)
            except (errors.ConnectionClosedError, errors.TimeoutError) as error:
                if hasattr(error, "_pyroTraceback"):  # the method itself raised it
                    raise
        return self.__send(self.__name, args, kwargs)


class BatchedMethod:
    """Queues calls of one method."""

    def __init__(self, calls: list[Any], name: str) -> None:
        self.__calls = calls
        self.__name = name

    def __getattr__(self, name: str) -> Self:
        return type(self)(self.__calls, f"{self.__name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        self.__calls.append((self.__name, args, kwargs))
