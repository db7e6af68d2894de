"""Functions of the other side, as threads call them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ..errors import NoSuchObjectError
from ..objects.functions import RemoteFunction as BaseFunction

__all__ = ["Caller", "RemoteFunction"]


class Caller(Protocol):
    """What a function of the other side is called by: one end of a connection."""

    def invoke(
        self, function_id: str, args: Any, kwargs: Mapping[str, Any], *, oneway: bool
    ) -> Any:
        """Call the function; return what it returns, None if it is one-way."""

    def give_back(self, function: RemoteFunction) -> None:
        """Tell the other side that the function is not needed any more."""


class RemoteFunction(BaseFunction):
    """A function that the other side has passed; calling it calls that one, over there.

    It may be called from any thread, also by several at once, for as long as the
    connection lives it came by. It is given back when nobody here has it any more, or by
    :func:`pyrophone.sync.release`.

    Raises, when it is called:
        ConnectionLostError: The connection ended; what was passed over it is gone.
        DeadlineExceeded: The time of the block, or of the call that is being served, is
            over.
        NoSuchObjectError: It was given back.
    """

    __slots__ = ("_caller",)

    def __init__(self, function_id: str, caller: Caller) -> None:
        super().__init__(function_id)
        self._caller = caller

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._check()
        return self._caller.invoke(self.function_id, args, kwargs, oneway=False)

    def oneway(self, *args: Any, **kwargs: Any) -> None:
        """Call it without waiting; nothing comes back, no error either."""
        self._check()
        self._caller.invoke(self.function_id, args, kwargs, oneway=True)

    def release(self) -> None:
        """Give it back; it can't be called any more."""
        self._caller.give_back(self)

    def _check(self) -> None:
        if self.released:  # the other side may not know yet
            raise NoSuchObjectError(f"function {self.function_id} was given back")
