"""Futures, asynchronous proxies and batches."""

import copy
import threading
import time

import pytest

import Pyro4
from Pyro4 import config, errors, futures
from Pyro4.core import Daemon, Proxy, current_context, expose, oneway
from Pyro4.futures import Future, FutureResult


def add(x, y):
    return x + y


def fail(*args):
    raise ZeroDivisionError("expected")


# Results.


def test_a_result_at_first():
    result = FutureResult()
    assert result.ready is False
    assert result.wait(0) is False
    assert result.wait(timeout=0.01) is False


def test_a_result_gets_a_value():
    result = FutureResult()
    result.value = 42
    assert result.ready is True
    assert result.wait() is True
    assert result.wait(5) is True
    assert result.value == result.get_value() == 42
    assert result.value == 42


def test_a_result_gets_a_value_by_a_method():
    result = FutureResult()
    result.set_value("x")
    assert result.get_value() == "x"


def test_a_failure():
    result = FutureResult()
    result.set_value(futures._ExceptionWrapper(ZeroDivisionError("expected")))
    assert result.ready
    assert result.wait() is True
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="expected"):
            result.value  # noqa: B018
        with pytest.raises(ZeroDivisionError):
            result.get_value()


def test_waiting_for_a_value():
    result = FutureResult()
    timer = threading.Timer(0.02, result.set_value, [7])
    timer.start()
    assert result.value == 7
    timer.join()


def test_cancelled_results():
    result = FutureResult()
    result.set_cancelled()
    assert result.ready
    with pytest.raises(RuntimeError):
        result.value  # noqa: B018


def test_then_before_the_value():
    result = FutureResult()
    assert result.then(add, 10) is result
    result.then(add, y=100).then(str)
    result.value = 1
    assert result.value == "111"


def test_then_after_the_value():
    result = FutureResult()
    result.value = 1
    assert result.then(add, 10).then(add, y=100).then(str) is result
    assert result.value == "111"


@pytest.mark.fixed("8: then on a failed result calls it with the wrapper")
def test_then_after_a_failure():
    result = FutureResult()
    result.set_value(futures._ExceptionWrapper(ZeroDivisionError("expected")))
    seen = []
    result.then(seen.append)
    assert seen == []
    with pytest.raises(ZeroDivisionError):
        result.value  # noqa: B018


def test_failures_have_a_handler():
    result = FutureResult()
    seen, errors_ = [], []
    assert result.iferror(errors_.append) is result
    result.then(seen.append)
    result.set_value(futures._ExceptionWrapper(ZeroDivisionError("expected")))
    assert seen == []
    assert [type(error) for error in errors_] == [ZeroDivisionError]
    with pytest.raises(ZeroDivisionError):
        result.value  # noqa: B018
    assert len(errors_) == 1


def test_a_handler_is_not_called_without_failure():
    result = FutureResult()
    seen = []
    result.iferror(seen.append)
    result.value = 5
    assert (result.value, seen) == (5, [])


def test_a_handler_that_comes_late():
    result = FutureResult()
    result.set_value(futures._ExceptionWrapper(ZeroDivisionError("expected")))
    seen = []
    result.iferror(seen.append)
    assert seen == []


def test_a_wrapped_exception():
    error = ValueError("x")
    wrapped = futures._ExceptionWrapper(error)
    assert wrapped.exception is error
    with pytest.raises(ValueError, match=r"^x$"):
        wrapped.raiseIt()


@pytest.mark.fixed("8: what a callable of then raises is raised there")
@pytest.mark.parametrize("late", [False, True])
def test_then_that_fails(late):
    result = FutureResult()
    if late:
        result.value = 1
        result.then(fail)
    else:
        result.then(fail)
        result.value = 1
    with pytest.raises(ZeroDivisionError, match="expected"):
        result.value  # noqa: B018


# Futures.


def test_a_future():
    future = Future(add)
    result = future(1, y=2)
    assert isinstance(result, FutureResult)
    assert result.value == 3
    assert Pyro4.Future is Future


def test_a_future_runs_in_a_thread():
    threads = []
    Future(lambda: threads.append(threading.current_thread()))().wait(5)
    assert threads[0] is not threading.current_thread()
    assert threads[0].daemon


def test_a_future_that_fails():
    result = Future(fail)()
    assert result.wait(5)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="expected"):
            result.value  # noqa: B018


def test_a_future_is_called_once():
    future = Future(add)
    assert future(1, 2).value == 3
    with pytest.raises(RuntimeError):
        future(1, 2)


def test_chains():
    future = Future(add)
    assert future.then(add, 10) is future
    future.then(add, y=100).then(str)
    assert future(1, 0).value == "111"


def test_chains_that_fail():
    seen, errors_ = [], []
    future = Future(add)
    future.then(fail).then(seen.append)
    assert future.iferror(errors_.append) is future
    result = future(1, 2)
    with pytest.raises(ZeroDivisionError):
        result.value  # noqa: B018
    assert seen == []
    assert len(errors_) == 1


def test_handlers_of_futures():
    seen = []
    result = Future(fail).iferror(seen.append)()
    assert result.wait(5)
    assert isinstance(seen[0], ZeroDivisionError)


def test_then_after_the_start():
    future = Future(add)
    result = future(1, 2)
    assert result.then(add, 10).value == 13
    with pytest.raises(AttributeError):
        future.then(add, 1)


def test_delays():
    future = Future(add)
    assert future.delay(0.1) is True
    before = time.monotonic()
    assert future(1, 2).value == 3
    assert time.monotonic() - before >= 0.09
    assert future.delay(1) is False


def test_states():
    future = Future(add)
    assert (future.cancelled, future.completed) == (False, False)
    future(1, 2).wait(5)
    assert (future.cancelled, future.completed) == (False, True)
    assert future.cancel() is False


def test_cancelling_before():
    future = Future(add)
    assert future.cancel() is True
    assert future.cancelled is True
    with pytest.raises(RuntimeError):
        future(1, 2)


def test_cancelling_while_it_waits():
    ran = []
    future = Future(ran.append)
    future.delay(0.3)
    result = future(1)
    assert future.cancel() is True
    assert result.wait(5)
    with pytest.raises(RuntimeError):
        result.value  # noqa: B018
    assert ran == []


# Asynchronous proxies.


@expose
class Thing:
    def __init__(self):
        self._value = 5
        self.go = threading.Event()
        self.inside = threading.Semaphore(0)
        self.ran = threading.Event()
        self.seen = []

    def add(self, x, y):
        return x + y

    def divide(self, x, y):
        return x // y

    def meet(self):
        self.inside.release()
        return self.go.wait(5)

    def correlate(self):
        self.seen.append(dict(current_context.annotations))
        return str(current_context.correlation_id)

    def me(self):
        return self

    @oneway
    def later(self):
        self.ran.set()

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        self._value = value


@pytest.fixture
def thing(daemon):
    made = Thing()
    daemon.register(made)
    yield made
    made.go.set()
    daemon.unregister(made)


@pytest.fixture
def proxy(daemon, thing):
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy._pyroTimeout = 10
        proxy._pyroAsync()
        yield proxy


def test_calls(proxy):
    result = proxy.add(1, y=2)
    assert isinstance(result, FutureResult)
    assert result.value == 3
    assert result.ready


def test_calls_that_fail(proxy):
    result = proxy.divide(1, 0)
    assert result.wait(10)
    with pytest.raises(ZeroDivisionError) as info:
        result.value  # noqa: B018
    assert isinstance(info.value._pyroTraceback, list)


def test_chains_of_calls(proxy):
    seen = []
    result = proxy.add(1, 2).then(add, 10).then(str)
    assert result.value == "13"
    assert proxy.divide(1, 0).then(seen.append).wait(10) is True


def test_handlers_of_calls(proxy, thing):
    seen = []
    result = proxy.meet().then(fail).iferror(seen.append)
    assert not result.ready
    thing.go.set()
    assert result.wait(10)
    assert [type(error) for error in seen] == [ZeroDivisionError]


def test_calls_run_at_the_same_time(daemon, thing, server_type):
    if server_type == "multiplex":
        pytest.skip("one after the other there")
    with Proxy(daemon.uriFor(thing)) as proxy:
        Pyro4.asyncproxy(proxy)
        results = [proxy.meet() for _ in range(3)]
        for _ in range(3):
            assert thing.inside.acquire(timeout=5)
        assert [result.ready for result in results] == [False] * 3
        thing.go.set()
        assert [result.value for result in results] == [True] * 3


def test_the_proxy_itself_may_be_connected(proxy):
    assert proxy.add(1, 2).value == 3
    assert proxy._pyroBind() in {True, False}
    assert proxy.add(1, 2).value == 3


def test_attributes_are_not_asynchronous(proxy, thing):
    assert proxy.value == 5
    proxy.value = 6
    assert thing._value == 6
    with pytest.raises(AttributeError):
        proxy.nonexisting  # noqa: B018
    with pytest.raises(AttributeError):
        proxy.nonexisting = 1


def test_oneway(proxy, thing):
    result = proxy.later()
    assert isinstance(result, FutureResult)
    assert result.value is None
    assert thing.ran.wait(5)


def test_returned_proxies_are_not_asynchronous(proxy):
    other = proxy.me().value
    assert isinstance(other, Proxy)
    assert other.add(1, 2) == 3
    other._pyroRelease()


def test_copies_are_asynchronous(proxy):
    with copy.copy(proxy) as copied:
        assert copied.add(1, 2).value == 3


def test_switching_back(proxy):
    Pyro4.asyncproxy(proxy, False)
    assert proxy.add(1, 2) == 3
    Pyro4.asyncproxy(proxy, True)
    assert proxy.add(1, 2).value == 3
    proxy._pyroAsync(asynchronous=False)
    assert proxy.add(1, 2) == 3


def test_the_context_is_not_of_the_caller(proxy, thing):
    proxy._pyroBind()
    current_context.correlation_id = None
    import uuid

    current_context.correlation_id = mine = uuid.uuid4()
    current_context.annotations = {"NOTE": b"x"}
    assert proxy.correlate().value != str(mine)
    assert "NOTE" not in thing.seen[0]


def test_connecting_fails(proxy, daemon):
    with Proxy(daemon.uriFor("nonexisting")) as other:
        other._pyroMethods = {"method"}
        other._pyroAsync()
        result = other.method()
        assert result.wait(10)
        with pytest.raises(errors.CommunicationError, match="unknown object"):
            result.value  # noqa: B018


def test_an_unreachable_server():
    proxy = Proxy("PYRO:x@localhost:1")
    proxy._pyroMethods = {"method"}
    proxy._pyroAsync()
    result = proxy.method()
    with pytest.raises(errors.CommunicationError):
        result.value  # noqa: B018


@pytest.mark.slow
def test_it_waits_for_a_worker(start):
    config.THREADPOOL_SIZE = config.THREADPOOL_SIZE_MIN = 1
    thing = Thing()
    daemon = start(Daemon())
    uri = daemon.register(thing)
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        other = copy.copy(proxy)
        other._pyroAsync()
        result = other.add(1, 2)
        assert not result.wait(0.05)
        proxy._pyroRelease()
        assert result.value == 3


# Asynchronous batches.


@pytest.fixture
def batch(proxy):
    proxy._pyroAsync(False)
    return Pyro4.batch(proxy)


def test_a_batch(batch):
    batch.add(1, 2)
    batch.divide(9, 2)
    result = batch(asynchronous=True)
    assert isinstance(result, FutureResult)
    assert list(result.value) == [3, 4]


def test_a_batch_with_a_chain(batch):
    batch.add(1, 2)
    batch.add(3, 4)
    assert batch(asynchronous=True).then(sum).then(add, 1).value == 11


def test_a_batch_that_fails(batch):
    batch.add(1, 2)
    batch.divide(1, 0)
    batch.add(3, 4)
    results = batch(asynchronous=True).value
    assert next(results) == 3
    with pytest.raises(ZeroDivisionError):
        next(results)


@pytest.mark.fixed("8: queue of a batch not cleared after async use")
def test_a_batch_is_empty_afterwards(batch):
    batch.add(1, 2)
    assert list(batch(asynchronous=True).value) == [3]
    assert list(batch()) == []


@pytest.mark.fixed("8: queue of a batch not cleared after failures")
def test_a_batch_is_empty_after_a_failure(batch):
    batch.add(1, 2)
    batch.nonexisting()
    with pytest.raises(AttributeError):
        list(batch())
    assert list(batch()) == []


def test_oneway_and_asynchronous_is_nonsense(batch):
    batch.add(1, 2)
    with pytest.raises(errors.PyroError, match="async oneway calls make no sense"):
        batch(oneway=True, asynchronous=True)


def test_a_batch_of_an_asynchronous_proxy(batch, proxy):
    batch.add(1, 2)
    assert list(batch()) == [3]
