"""Workers run jobs, grow with the work, and never leave a job behind."""

from __future__ import annotations

import threading

import pytest

from pyrophone.sync.pool import Workers

LIMIT = 10.0


def test_jobs_run_in_as_many_threads_as_are_needed_and_no_more() -> None:
    workers = Workers(3, "test-worker")
    release = threading.Event()
    started = threading.Semaphore(0)
    finished = threading.Semaphore(0)

    def job() -> None:
        started.release()
        release.wait(LIMIT)
        finished.release()

    for _ in range(5):
        workers.submit(job)
    for _ in range(3):
        assert started.acquire(timeout=LIMIT)
    assert workers.count == 3
    assert workers.waiting == 2
    assert not workers.roomy
    release.set()
    for _ in range(5):
        assert finished.acquire(timeout=LIMIT)
    workers.close()


def test_a_worker_is_used_again() -> None:
    workers = Workers(10, "test-worker-#")
    names = []
    done = threading.Semaphore(0)

    def job() -> None:
        names.append(threading.current_thread().name)
        done.release()

    for _ in range(20):
        workers.submit(job)
        assert done.acquire(timeout=LIMIT)
    assert set(names) == {"test-worker-1"}
    assert workers.count <= 10
    workers.close()


@pytest.mark.parametrize("error", [ValueError("oops"), SystemExit(1), KeyboardInterrupt()])
def test_a_job_that_fails_is_logged_and_costs_no_worker(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    workers = Workers(1, "test-worker")
    done = threading.Event()

    def fail() -> None:
        raise error

    workers.submit(fail)
    workers.submit(done.set)
    assert done.wait(LIMIT)
    assert "error in a worker" in caplog.text
    workers.close()


def test_closing_drops_what_waits_and_what_comes() -> None:
    workers = Workers(1, "test-worker")
    release = threading.Event()
    ran = []
    thread: list[threading.Thread] = []
    started = threading.Event()

    def first() -> None:
        thread.append(threading.current_thread())
        started.set()
        release.wait(LIMIT)

    workers.submit(first)
    assert started.wait(LIMIT)
    workers.submit(lambda: ran.append("waited"))
    workers.close()
    workers.submit(lambda: ran.append("came late"))
    release.set()
    thread[0].join(LIMIT)
    assert not thread[0].is_alive()
    assert ran == []
    assert workers.count == 0


def test_closing_can_wait_for_the_workers_to_be_gone() -> None:
    workers = Workers(3, "test-worker-#")
    before = set(threading.enumerate())
    done = threading.Semaphore(0)
    for _ in range(3):
        workers.submit(done.release)
    for _ in range(3):
        assert done.acquire(timeout=LIMIT)
    workers.close(wait=LIMIT)
    assert set(threading.enumerate()) <= before | {threading.current_thread()}
    assert workers.count == 0


def test_a_worker_that_closes_the_pool_does_not_wait_for_itself() -> None:
    workers = Workers(1, "test-worker")
    done = threading.Event()

    def end() -> None:
        workers.close(wait=LIMIT)
        done.set()

    workers.submit(end)
    assert done.wait(LIMIT)


def test_a_pool_can_be_closed_while_a_worker_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workers = Workers(1, "test-worker")
    done = threading.Event()
    start = threading.Thread.start

    def close_and_start(thread: threading.Thread) -> None:
        workers.close(LIMIT)
        start(thread)
        thread.join(LIMIT)

    monkeypatch.setattr(threading.Thread, "start", close_and_start)
    workers.submit(done.set)
    assert workers.count == 0
    assert not done.is_set()


def test_where_no_thread_can_be_had_who_asks_is_told_or_others_do_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workers = Workers(3, "test-worker")
    begun, go, done = threading.Event(), threading.Event(), threading.Event()

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def job() -> None:
        begun.set()
        assert go.wait(LIMIT)

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="can't start"):
            workers.submit(job)
    assert workers.count == 0
    workers.submit(job)  # and the one that was left behind
    assert begun.wait(LIMIT)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        workers.submit(done.set)
    assert workers.count <= 2
    go.set()
    assert done.wait(LIMIT)
    workers.close()
