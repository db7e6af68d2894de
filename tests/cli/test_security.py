"""The commands speak TLS if they are told to."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from tests.cli.conftest import Run

from certificates import PASSWORD, Certificates
from pyrophone import expose
from pyrophone.naming import NameService
from pyrophone.net.tls import server_context
from pyrophone.sync import Daemon
from running import LIMIT, running

LAB = """
from pyrophone import expose

@expose
class Oven:
    def heat(self, degrees):
        return f"{degrees} degrees"
"""


@expose
class Oven:
    def heat(self, degrees: int) -> str:
        return f"{degrees} degrees"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture
def names(files: Certificates, monkeypatch: pytest.MonkeyPatch) -> Iterator[NameService]:
    """A name server that lets in clients with a certificate."""
    tls = server_context(
        files.server.certificate, files.server.key, clients=files.authority
    )
    with running(NameService("localhost", 0, tls=tls)) as service:
        monkeypatch.setenv("PYROPHONE_NAME_PORT", str(service.uri.port))
        yield service


@pytest.fixture
def options(files: Certificates) -> list[str]:
    return [
        *("--tls-authorities", str(files.authority)),
        *("--tls-certificate", str(files.client.certificate)),
        *("--tls-key", str(files.client.key)),
    ]


def test_names_and_calls_go_by_tls(
    run: Run, names: NameService, files: Certificates, options: list[str]
) -> None:
    tls = server_context(files.server.certificate, files.server.key)
    with running(Daemon(tls=tls)) as daemon:
        uri = daemon.register(Oven())
        assert run("names", "register", "oven", str(uri), *options).status == 0
        result = run("names", "lookup", "oven", *options)
        assert (result.status, result.out) == (0, f"{uri}\n")
        result = run("call", "oven.heat", "200", *options)
        assert (result.status, result.out) == (0, "'200 degrees'\n")


def test_without_options_nobody_is_found(run: Run, names: NameService) -> None:
    result = run("names", "ping")
    assert result.status == 1
    assert "the connection was closed" in result.err
    result = run("names", "ping", "--tls")
    assert result.status == 1
    assert "CERTIFICATE_VERIFY_FAILED" in result.err


@pytest.mark.parametrize("command", [("serve", "tls_lab:Oven"), ("names", "serve")])
def test_serving_needs_a_certificate(
    run: Run,
    command: tuple[str, ...],
    files: Certificates,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "tls_lab.py").write_text(LAB)
    monkeypatch.syspath_prepend(str(tmp_path))
    ours = ("--tls-authorities", str(files.authority))
    result = run(*command, *ours)
    assert (result.status, result.out) == (2, "")
    assert result.err.endswith(": to serve by TLS, give a --tls-certificate\n")
    pair = (
        *("--tls-certificate", str(files.locked.certificate)),
        *("--tls-key", str(files.locked.key)),
    )
    result = run(*command, *pair, "--tls-clients")
    assert result.status == 2
    assert result.err.endswith(": with --tls-clients, say whose with --tls-authorities\n")
    result = run(*command, *pair, *ours)
    assert result.status == 1
    assert "TLS: the private key in" in result.err
    assert PASSWORD not in result.err


@pytest.mark.slow
def test_a_class_is_served_by_tls_under_a_name(
    run: Run, names: NameService, files: Certificates, options: list[str], tmp_path: Path
) -> None:
    (tmp_path / "tls_lab.py").write_text(LAB)
    pair = (
        *("--tls-certificate", str(files.server.certificate)),
        *("--tls-key", str(files.server.key)),
    )
    ours = ("--tls-authorities", str(files.authority), "--tls-clients")
    command = [sys.executable, "-m", "pyrophone", "serve", "tls_lab:Oven", "--name", "oven"]
    with subprocess.Popen(
        [*command, *pair, *ours], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("oven\tPYRO:")
            result = run("call", "oven.heat", "180", *options)
            assert (result.status, result.out) == (0, "'180 degrees'\n")
        finally:
            process.terminate()
        assert process.wait(LIMIT) == 0
    assert "oven" not in names.names.list()


@pytest.mark.slow
def test_the_gateway_calls_by_tls(
    names: NameService, files: Certificates, options: list[str]
) -> None:
    tls = server_context(files.server.certificate, files.server.key)
    command = [sys.executable, "-m", "pyrophone", "gateway", "--expose=oven", "--port=0"]
    with running(Daemon(tls=tls)) as daemon:
        names.names.register("oven", daemon.register(Oven()))
        with subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                page = urlsplit(process.stdout.readline().strip())
                where = f"http://{page.netloc}/pyro/oven/heat?degrees=180"
                with urlopen(where, timeout=LIMIT) as answer:
                    assert answer.read() == b'"180 degrees"'
            finally:
                process.terminate()


def test_a_file_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    missing = str(tmp_path / "ca.pem")
    result = run("names", "ping", "--tls-authorities", missing)
    assert (result.status, result.out) == (1, "")
    assert result.err == (
        f"pyrophone names ping: TLS: [Errno 2] No such file or directory: '{missing}'\n"
    )
