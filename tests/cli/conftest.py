"""A name server and a way to run the command, in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import pytest

from pyrophone.cli.main import main
from pyrophone.naming import NameService
from running import LIMIT, running


class Result(NamedTuple):
    """What a command gave."""

    status: int
    out: str
    err: str


Run: TypeAlias = Callable[..., Result]


@pytest.fixture(autouse=True)
def lonely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no command find a name server that is not the test's own."""
    for name in list(os.environ):
        if name.startswith("PYROPHONE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYROPHONE_NAME_PORT", "1")
    monkeypatch.setenv("PYROPHONE_BROADCAST_ADDRESSES", "")
    monkeypatch.setenv("PYROPHONE_BROADCAST_TIMEOUT", "0.001")
    monkeypatch.setenv("PYROPHONE_TIMEOUT", str(LIMIT))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """A function that runs the command."""

    def run(*argv: str) -> Result:
        capsys.readouterr()
        try:
            status = main(argv)
        except SystemExit as stop:
            status = int(stop.code or 0)
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture
def service() -> Iterator[NameService]:
    """A name server, not in the environment yet."""
    with running(NameService("localhost", 0)) as service:
        yield service


@pytest.fixture
def names(service: NameService, monkeypatch: pytest.MonkeyPatch) -> NameService:
    """The name server that commands find."""
    monkeypatch.setenv("PYROPHONE_NAME_PORT", str(service.uri.port))
    return service
