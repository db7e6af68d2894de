"""Threads for plain functions: as many as there is work for, and gone at the end."""

from __future__ import annotations

import threading

import pytest

from pyrophone.aio.pool import Pool
from running import LIMIT


def test_it_grows_with_the_work_up_to_its_limit() -> None:
    pool = Pool(3, "hand-#")
    gate = threading.Event()
    names: list[str] = []
    done = threading.Semaphore(0)

    def job() -> None:
        assert gate.wait(LIMIT)
        names.append(threading.current_thread().name)
        done.release()

    pool.submit(job)
    assert pool.count == 1
    for _ in range(7):
        pool.submit(job)
    assert pool.count == 3
    gate.set()
    for _ in range(8):
        assert done.acquire(timeout=LIMIT)
    assert set(names) <= {"hand-1", "hand-2", "hand-3"}
    end(pool)


def test_one_thread_is_enough_for_one_job_after_the_other() -> None:
    pool = Pool(3, "hand-#")
    idents: list[int] = []
    for _ in range(5):
        done = threading.Event()

        def job(done: threading.Event = done) -> None:
            idents.append(threading.get_ident())
            done.set()

        pool.submit(job)
        assert done.wait(LIMIT)
        while pool.free < 1:
            pass
    assert len(set(idents)) == pool.count == 1
    end(pool)


def test_a_job_that_fails_takes_no_thread_along(caplog: object) -> None:
    pool = Pool(1, "hand")
    done = threading.Event()

    def fail() -> None:
        raise SystemExit

    pool.submit(fail)
    pool.submit(done.set)
    assert done.wait(LIMIT)
    end(pool)


def test_what_waits_at_the_end_is_dropped() -> None:
    pool = Pool(1, "hand")
    gate, began, never = threading.Event(), threading.Event(), threading.Event()

    def job() -> None:
        began.set()
        assert gate.wait(LIMIT)

    pool.submit(job)
    pool.submit(never.set)
    assert began.wait(LIMIT)
    pool.close()
    assert pool.alive
    gate.set()
    end(pool)
    pool.submit(never.set)
    assert not never.is_set()


def end(pool: Pool) -> None:
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("hand")]
    pool.close()
    for thread in threads:
        thread.join(LIMIT)
    assert not pool.alive


def test_where_no_more_threads_are_to_be_had_those_there_are_do_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool, other = Pool(3, "hand"), Pool(3, "hand")
    gate, done = threading.Event(), threading.Event()
    pool.submit(lambda: gate.wait(LIMIT))
    with monkeypatch.context() as scarce:
        scarce.setattr(threading.Thread, "start", _refuse)
        pool.submit(done.set)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            other.submit(done.set)
    assert pool.count == 1
    gate.set()
    assert done.wait(LIMIT)
    end(pool)


def _refuse(thread: threading.Thread) -> None:
    raise RuntimeError("can't start new thread")
