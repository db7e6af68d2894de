from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from pyrophone import URI, Settings, aio, sync
from pyrophone.frontend.proxies import options
from pyrophone.objects.proxy import remote_of
from pyrophone.wire.metadata import Metadata

SETTINGS = Settings(timeout=3.0, retries=1)
both = pytest.mark.parametrize("kind", [sync.Proxy, aio.Proxy], ids=["sync", "aio"])


def proxy_of(kind: Any) -> Any:
    members = Metadata(frozenset({"read"}))
    uri = URI.parse("PYRO:a@b:1")
    return kind.to(uri, settings=SETTINGS, handshake="please", metadata=members)


@both
@pytest.mark.parametrize(
    "made",
    [copy.copy, copy.deepcopy, lambda proxy: pickle.loads(pickle.dumps(proxy))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_what_comes_of_a_proxy_has_a_line_of_its_own(kind: Any, made: Any) -> None:
    proxy = proxy_of(kind)
    other = made(proxy)
    assert (type(other), other) == (kind, proxy)
    line, its = remote_of(proxy).line, remote_of(other).line
    assert its is not line
    for name in ("uri", "settings", "handshake", "metadata", "dialect"):
        assert getattr(its, name) == getattr(line, name)


@both
def test_a_variant_has_the_line_and_what_was_not_said_otherwise(kind: Any) -> None:
    proxy = proxy_of(kind)
    before = remote_of(proxy)
    remote = remote_of(options(proxy, timeout=None, patience=9.0))
    assert remote.line is before.line
    assert (remote.timeout, remote.retries, remote.patience) == (None, 1, 9.0)
    assert (before.timeout, before.patience) == (3.0, SETTINGS.patience)
    assert remote_of(options(proxy, retries=5)).retries == 5
    assert remote_of(options(proxy)).timeout == 3.0
    assert type(options(proxy)) is kind
