"""The event service: sections 1.3 of the specification, and what strangers may do."""

from __future__ import annotations

import io
import queue
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import Pyro.constants
import Pyro.core
import Pyro.EventService.Server
import Pyro.naming
from patience import wait_until
from Pyro.errors import ConnectionDeniedError, NamingError, PyroError
from Pyro.EventService import Clients, services, subscriptions
from Pyro.EventService.Clients import Event, Publisher, Subscriber

LIMIT = 10.0  # seconds


class Service:
    """An event service in this process, and its clients."""

    def __init__(self, identification: Any = None) -> None:
        self.starter = Pyro.EventService.Server.EventServiceStarter(identification)
        self.starter.initialize("localhost", 0, 0, 1)
        self.es: Any = self.starter.es
        self.uri = str(self.es.getProxy().URI)
        self._loop = threading.Thread(target=self.starter.serve)
        self._loop.start()
        self._listeners: list[Listener] = []

    def listener(self, **options: Any) -> Listener:
        """Return a new subscriber, who listens."""
        listener = Listener(self.uri, **options)
        self._listeners.append(listener)
        return listener

    def end(self) -> None:
        for listener in self._listeners:
            listener.end()
        self.starter.shutdown(self.es)
        self._loop.join(LIMIT)
        assert not self._loop.is_alive()


class Listener(Subscriber):
    """Keeps what it hears."""

    daemon: Any

    def __init__(self, uri: str, ident: Any = None, threads: int = 0) -> None:
        Subscriber.__init__(self, ident, uri)
        self.setThreading(threads)
        self.heard: queue.Queue[tuple[Event, threading.Thread]] = queue.Queue()
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def event(self, event: Event) -> None:
        self.heard.put((event, threading.current_thread()))

    def next(self) -> Event:
        return self.heard.get(timeout=LIMIT)[0]

    def texts(self, last: str) -> list[str]:
        """Return what is heard up to the message *last*."""
        found: list[str] = []
        while not found or not found[-1].endswith(f"={last}"):
            event = self.next()
            found.append(f"{event.subject}={event.msg}")
        return found

    def end(self) -> None:
        self.abort()
        self.getDaemon().shutdown()  # sooner than it would notice
        self.thread.join(LIMIT)
        assert not self.thread.is_alive()


@pytest.fixture
def started(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Service]]:
    """Give what starts a service."""
    with ExitStack() as running:

        def start(*args: Any) -> Service:
            service = Service(*args)
            running.callback(service.end)
            return service

        yield start


@pytest.fixture
def service(started: Callable[..., Service]) -> Service:
    """A service that lets everybody in."""
    return started()


# Subjects and patterns.


def test_subjects_are_compared_without_regard_to_case(service: Service) -> None:
    listener = service.listener()
    listener.subscribe("Weather.Oslo")
    listener.subscribe(["weather.SOFIA", "done"])
    publisher = Publisher(esURI=service.uri)
    for subject in ("WEATHER.oslo", "weather", "weather.osloo", "Weather.Sofia", "Done"):
        publisher.publish(subject, "x" if subject == "Done" else 1)
    assert listener.texts("x") == ["WEATHER.oslo=1", "Weather.Sofia=1", "Done=x"]


def test_patterns_match_from_the_start_without_regard_to_case(service: Service) -> None:
    listener = service.listener()
    listener.subscribeMatch(r"weather\.s")
    listener.subscribeMatch(("[0-9]+$", "end"))
    publisher = Publisher(esURI=service.uri)
    for subject in ("WEATHER.Seville", "my weather.s", "12", "12a", "a12"):
        publisher.publish(subject, 1)
    publisher.publish("ending", "x")
    assert listener.texts("x") == ["WEATHER.Seville=1", "12=1", "ending=x"]


def test_every_subscription_that_matches_delivers_once(service: Service) -> None:
    listener = service.listener()
    publisher = Publisher(esURI=service.uri)
    publisher.publish("A.B", 0)  # nobody wants it; that is remembered
    for _ in range(2):  # the second time has no effect
        listener.subscribe("a.b")
        listener.subscribeMatch(["a", r".\.b"])
    listener.subscribe("done")
    publisher.publish("A.B", 1)
    publisher.publish("done", "x")
    assert listener.texts("x") == ["A.B=1"] * 3 + ["done=x"]


def test_nothing_is_no_subject(service: Service) -> None:
    listener = service.listener()
    listener.subscribe([])
    listener.subscribe("")
    listener.subscribeMatch(())
    listener.subscribeMatch("")
    listener.subscribe("done")
    publisher = Publisher(esURI=service.uri)
    publisher.publish([], 1)
    publisher.publish("", 2)
    publisher.publish("done", "x")
    assert listener.texts("x") == ["done=x"]


def test_several_subjects_may_come_from_anything_with_items(service: Service) -> None:
    listener = service.listener()
    listener.subscribe(map(str.upper, ["a", "b"]))
    listener.subscribe({"c"})
    Publisher(esURI=service.uri).publish((n for n in "abc"), "x")
    assert {listener.next().subject for _ in range(3)} == {"a", "b", "c"}


def test_unsubscribing(service: Service) -> None:
    listener = service.listener()
    listener.subscribe(["a", "b", "done"])
    listener.subscribeMatch(["a", "c"])
    listener.unsubscribe(["A", "a", "c", "never heard of"])  # and both patterns
    publisher = Publisher(esURI=service.uri)
    publisher.publish(["a", "b", "c"], 1)
    listener.unsubscribe("done")
    listener.subscribe("end")
    publisher.publish(["done", "end"], "x")
    assert listener.texts("x") == ["b=1", "end=x"]


# Events.


def test_an_event_has_subject_message_and_time(service: Service) -> None:
    listener = service.listener()
    listener.subscribe(["a", "b"])
    message = {"pair": (1, "two"), "set": {3}, "bytes": b"x", "none": None}
    before = time.time()
    Publisher(esURI=service.uri).publish(["A", "b"], message)
    first, second = listener.next(), listener.next()
    assert type(first) is Event
    assert (first.subject, first.msg) == ("A", message)
    assert (second.subject, second.msg) == ("b", message)
    assert type(first.time) is float
    assert first.time == second.time
    assert before <= first.time <= time.time()


def test_the_text_of_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    event = Event("Subject", [1], 0.5)
    assert str(event) == f"<EVENT SUBJ Subject ({time.ctime(0.5)}): [1]>"
    Subscriber.event(object.__new__(Subscriber), event)  # unless a program overrides it
    assert capsys.readouterr().out == f"{event}\n"
    assert Event("s", None).time == pytest.approx(time.time(), abs=60)


def test_without_threads_events_come_in_order_to_who_listens(service: Service) -> None:
    listener = service.listener(threads=0)
    listener.subscribe("number")
    publisher = Publisher(esURI=service.uri)
    for number in range(200):
        publisher.publish("number", number)
    got = [listener.heard.get(timeout=LIMIT) for _ in range(200)]
    assert [event.msg for event, _ in got] == [*range(200)]
    assert {thread for _, thread in got} == {listener.thread}


def test_with_threads_all_events_come(service: Service) -> None:
    listener = service.listener(threads=1)
    listener.subscribe("number")
    proxy = listener.getES()
    for number in range(50):
        proxy.publish("number", number)
    got = [listener.heard.get(timeout=LIMIT) for _ in range(50)]
    assert {event.msg for event, _ in got} == {*range(50)}
    assert listener.thread not in {thread for _, thread in got}


def test_the_service_does_not_wait_for_what_a_subscriber_does(service: Service) -> None:
    both = threading.Barrier(2)

    class Slow(Listener):
        def event(self, event: Event) -> None:
            both.wait(LIMIT)
            super().event(event)

    listener = Slow(service.uri, threads=1)
    listener.subscribe("a")
    publisher = Publisher(esURI=service.uri)
    publisher.publish("a", 1)
    publisher.publish("a", 2)
    assert {listener.next().msg, listener.next().msg} == {1, 2}
    listener.end()


def test_one_class_may_publish_and_listen_and_be_a_thread(service: Service) -> None:
    class Station(Publisher, Subscriber, threading.Thread):
        def __init__(self) -> None:
            threading.Thread.__init__(self)
            Publisher.__init__(self, esURI=service.uri)
            Subscriber.__init__(self, esURI=service.uri)
            self.setThreading(0)
            self.got: list[Any] = []

        def run(self) -> None:
            self.listen()

        def event(self, event: Event) -> None:
            self.got.append(event.msg)
            if event.msg < 3:
                self.publish("again", event.msg + 1)
            else:
                self.abort()

    station = Station()
    station.subscribe("again")
    station.start()
    station.publish("again", 1)
    station.join(LIMIT)
    assert station.got == [1, 2, 3]
    station.getDaemon().shutdown()


# Bad input.


@pytest.mark.parametrize(
    ("text", "problem"),
    [("(", "unterminated"), (r"(a)\1", "not allowed"), ("a" * 201, "200 characters")],
)
def test_a_bad_pattern_is_an_error_of_the_subscriber(
    service: Service, text: str, problem: str
) -> None:
    listener = service.listener()
    with pytest.raises(re.error, match=problem):
        listener.subscribeMatch(["fine", text])
    listener.subscribe("done")
    Publisher(esURI=service.uri).publish(["fine", "done"], "x")
    assert listener.texts("x") == ["done=x"]


def test_a_pattern_that_re_would_never_finish_holds_nobody_up(service: Service) -> None:
    listener = service.listener()
    listener.subscribeMatch(["(a*)*b", "(.+)+(.+)+(.+)+b", "(a|a)*$"])
    Publisher(esURI=service.uri).publish("a" * 300, "x")
    assert listener.next().msg == "x"


@pytest.mark.parametrize("wanted", [5, [1], b"bytes", [["a"]]])
def test_what_is_no_text_is_no_subject(service: Service, wanted: Any) -> None:
    proxy = Pyro.core.getProxyForURI(service.uri)
    subscriber = service.es.getProxy()
    calls: list[Callable[[], Any]] = [
        lambda: proxy.publish(wanted, 1),
        lambda: proxy.subscribe(wanted, subscriber),
        lambda: proxy.subscribeMatch(wanted, subscriber),
        lambda: proxy.unsubscribe(wanted, subscriber),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="subjects and patterns are texts"):
            call()


@pytest.mark.parametrize("subscriber", [None, "PYRO://x/y", 5])
def test_what_is_no_proxy_is_no_subscriber(service: Service, subscriber: Any) -> None:
    proxy = Pyro.core.getProxyForURI(service.uri)
    for method in ("subscribe", "subscribeMatch", "unsubscribe"):
        with pytest.raises(TypeError, match="given by a proxy"):
            getattr(proxy, method)("a", subscriber)


def test_there_are_limits(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST_SUBJECTS", 2)
    monkeypatch.setattr(subscriptions, "MOST_PATTERNS", 2)
    monkeypatch.setattr(subscriptions, "MOST_SUBSCRIBERS", 2)
    listener, other, third = (service.listener() for _ in range(3))
    listener.subscribe(["a", "b"])
    listener.subscribeMatch(["a", "b"])
    other.subscribe("a")
    with pytest.raises(PyroError, match="more than 2 subjects of one subscriber"):
        listener.subscribe("c")
    with pytest.raises(PyroError, match="more than 2 patterns of one subscriber"):
        listener.subscribeMatch("c")
    with pytest.raises(PyroError, match="more than 2 subscribers"):
        third.subscribe("a")
    monkeypatch.setattr(subscriptions, "MOST_OF_ALL", 3)
    with pytest.raises(PyroError, match="more than 3 subjects of all subscribers"):
        other.subscribe("b")
    other.subscribe("A")
    monkeypatch.setattr(subscriptions, "MOST_STEPS_OF_ALL", 5)
    with pytest.raises(PyroError, match="patterns of all subscribers take too many steps"):
        other.subscribeMatch("cd")
    other.subscribeMatch("a")
    with pytest.raises(PyroError, match="more than 2 subjects at once"):
        Publisher(esURI=service.uri).publish(["a", "b", "c"], 1)
    other.unsubscribe("a")  # nothing is on its way to it, so it makes room
    third.subscribe("a")
    longest = "x" * subscriptions.LONGEST_SUBJECT
    publisher = Publisher(esURI=service.uri)
    publisher.publish(longest, 1)
    for call in (listener.subscribe, lambda subject: publisher.publish(subject, 1)):
        with pytest.raises(PyroError, match="subject of more than 500 characters"):
            call(longest + "x")
    with pytest.raises(PyroError, match="event of more than"):
        publisher.publish("a", bytes(65 << 20))


def test_an_event_that_cannot_travel_is_an_error_of_the_publisher(
    service: Service,
) -> None:
    listener = service.listener()
    listener.subscribe("a")
    publisher = Publisher(esURI=service.uri)
    for message in (io.StringIO(), [object()], lambda: 1, iter([1])):
        with pytest.raises((PyroError, TypeError)):
            publisher.publish("a", message)
    publisher.publish("a", "x")
    assert listener.texts("x") == ["a=x"]


# Subscribers that vanish, or stall.


def test_a_subscriber_that_is_gone_is_dropped(service: Service) -> None:
    gone, listener = service.listener(), service.listener()
    for one in (gone, listener):
        one.subscribe("a")
    gone.end()
    publisher = Publisher(esURI=service.uri)
    table = service.es._subscriptions
    publisher.publish("a", "x")
    assert listener.next().msg == "x"
    wait_until(lambda: len(table.find("a")) == 1)


class Deaf:
    """Listens, and never reads: what is sent to it stays where it is."""

    def __init__(self) -> None:
        self.sock = socket.create_server(("127.0.0.1", 0))
        uri = Pyro.core.PyroURI("127.0.0.1", "deaf", self.sock.getsockname()[1])
        self.proxy = uri.getProxy()


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    deaf = Deaf()
    yield deaf
    deaf.sock.close()


def test_a_full_queue_drops_events_of_that_subscriber_alone(
    service: Service, deaf: Deaf
) -> None:
    Pyro.config.PYRO_ES_QUEUESIZE = 3
    Pyro.config.PYRO_ES_BLOCKQUEUE = 0
    listener = service.listener()
    service.es.subscribe("a", deaf.proxy)
    listener.subscribe("a")
    publisher = Publisher(esURI=service.uri)
    for number in range(20):
        publisher.publish("a", number)
        assert listener.next().msg == number
    assert max(len(d._waiting) for d in service.es._subscriptions.find("a")) == 3


def test_a_full_queue_holds_the_publisher_up_until_the_service_ends(
    started: Callable[..., Service], deaf: Deaf
) -> None:
    Pyro.config.PYRO_ES_QUEUESIZE = 2
    Pyro.config.PYRO_ES_BLOCKQUEUE = 1
    service = started()
    listener = service.listener()
    service.es.subscribe("a", deaf.proxy)
    listener.subscribe("a")
    done: queue.Queue[int] = queue.Queue()

    def publish() -> None:
        for number in range(3):
            service.es.publish("a", number)
            done.put(number)

    thread = threading.Thread(target=publish)
    thread.start()
    # The others have the third event, too, though its publisher waits.
    assert [listener.next().msg for _ in range(3)] == [0, 1, 2]
    assert [done.get(timeout=LIMIT) for _ in range(2)] == [0, 1]
    listener.unsubscribe("a")  # the service goes on
    assert done.empty()
    service.starter.shutdown()
    assert done.get(timeout=LIMIT) == 2
    thread.join(LIMIT)


def test_a_subscriber_that_says_nothing_is_dropped_after_a_while(
    service: Service, deaf: Deaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "IDLE", 0.05)
    Pyro.config.PYRO_ES_QUEUESIZE = 1
    service.es.subscribe("a", deaf.proxy)
    for number in range(3):  # the publisher waits, but not for ever
        service.es.publish("a", number)
    wait_until(lambda: service.es._subscriptions.find("a") == [])


def test_a_publisher_that_was_idle_goes_on(
    started: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "IDLE", 0.1)
    monkeypatch.setattr(Clients, "FRESH", 0.01)
    service = started()
    listener = service.listener()
    listener.subscribe("a")
    publisher = Publisher(esURI=service.uri)
    publisher.publish("a", 1)
    wait_until(lambda: not service.starter.daemon.connections)
    publisher.publish("a", "x")
    assert listener.texts("x") == ["a=1", "a=x"]


# Pass phrases, names.


def test_a_pass_phrase(started: Callable[..., Service]) -> None:
    service = started("sesame")
    listener = service.listener(ident="sesame")
    listener.subscribe("a")
    for ident in (None, "open"):
        with pytest.raises(ConnectionDeniedError, match="security reasons"):
            Publisher(ident, service.uri).publish("a", 1)
        stranger = service.listener(ident=ident)
        with pytest.raises(ConnectionDeniedError, match="security reasons"):
            stranger.subscribe("a")
    Publisher("sesame", service.uri).publish("a", "x")
    assert listener.texts("x") == ["a=x"]


def test_a_publisher_has_what_programs_ask_for(service: Service) -> None:
    publisher = Publisher("ident", service.uri)
    assert str(publisher.ES_uri) == service.uri
    assert publisher.ES_ident == "ident"
    first, second = publisher.getES(), publisher.getES()
    assert first is not second
    assert first == second
    listener = service.listener()
    assert listener.NS is None
    assert not listener.abortListen
    assert listener.daemon is listener.getDaemon()


def test_without_a_name_server_clients_say_so() -> None:
    Pyro.config.PYRO_NS_HOSTNAME = "localhost"
    Pyro.config.PYRO_NS_PORT = 1
    for kind in (Publisher, Subscriber):
        with pytest.raises(NamingError, match="could not find NameServer"):
            kind()


def test_a_starter_serves_in_a_loop_of_the_program(
    capsys: pytest.CaptureFixture[str],
) -> None:
    starter = Pyro.EventService.Server.EventServiceStarter()
    assert not starter.waitUntilStarted(0)
    starter.initialize("localhost", 0, 0, 1)
    assert starter.waitUntilStarted(0)
    assert starter.getServerSockets()
    proxy = starter.es.getProxy()
    caller = threading.Thread(target=proxy.publish, args=("a", 1))
    caller.start()
    while caller.is_alive():
        starter.handleRequests(0.1)
    caller.join()
    proxy._release()
    starter.shutdown(starter.es)
    assert not starter.waitUntilStarted(0)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("URI= PYRO://127.0.0.1:")
    assert lines[1].startswith("WARNING: daemon bound on hostname that resolves to loopb")
    assert lines[2] == "Event Server started."


def test_names_are_reachable_from_all_three_modules() -> None:
    clients, server = Pyro.EventService.Clients, Pyro.EventService.Server
    assert clients.Event is server.Event is Pyro.EventService.Event.Event
    assert Pyro.constants.EVENTSERVER_NAME == ":Pyro.EventService"
