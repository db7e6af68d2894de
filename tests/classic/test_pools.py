"""Workers, as many as there are jobs, within limits."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from Pyro5 import config, pools

LIMIT = 10.0


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[pools.Pool]:
    """A pool of one worker, or two when it has much to do."""
    monkeypatch.setattr(config, "THREADPOOL_SIZE_MIN", 1)
    monkeypatch.setattr(config, "THREADPOOL_SIZE", 2)
    with pools.Pool() as pool:
        yield pool


def test_it_grows_to_its_size_and_no_further(pool: pools.Pool) -> None:
    started, go_on = threading.Semaphore(0), threading.Event()

    def job() -> None:
        started.release()
        go_on.wait(LIMIT)

    assert pool.num_workers() == 1
    pool.process(job)
    pool.process(job)
    for _ in range(2):
        assert started.acquire(timeout=LIMIT)
    assert pool.num_workers() == 2
    with pytest.raises(pools.NoFreeWorkersError, match="no free workers"):
        pool.process(job)
    go_on.set()


def test_a_job_that_fails_costs_no_worker(pool: pools.Pool) -> None:
    done = threading.Event()

    def fail() -> None:
        raise SystemExit(3)

    pool.process(fail)
    pool.process(done.set)
    assert done.wait(LIMIT)


def test_a_closed_one_takes_no_jobs(pool: pools.Pool) -> None:
    pool.close()
    with pytest.raises(pools.PoolError, match="closed"):
        pool.process(print)
