"""Two sessions joined by two pipes that deliver what they like when they like."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from conversing import SERIALIZERS, codecs
from pyrophone.errors import ProtocolError
from pyrophone.serializers.classes import Failure
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Call, Greeting, Ping, Pong, Refusal, Reply, Welcome
from pyrophone.wire.framing import BATCH, ONEWAY
from pyrophone.wire.metadata import Metadata
from pyrophone.wire.server import ServerSession
from pyrophone.wire.states import CLOSED, GREETING, NEW, OPEN
from rounds import Side, World

pytestmark = pytest.mark.slow

MEMBERS = Metadata(frozenset({"add"}))
LINES = ["Traceback (most recent call last):\n", "KeyError\n"]

garbage = st.binary(min_size=6, max_size=60).filter(
    lambda data: data[:6] != b"PYRO\x01\xf6"
)
pieces = st.integers(1, 60) | st.integers(60, 2000)


class Conversation(RuleBasedStateMachine):
    """What peers and networks may do, and what then must hold."""

    @initialize(
        serializer=st.sampled_from(SERIALIZERS),
        seq=st.sampled_from([0, 65533, 65535]),
        greeted=st.booleans(),
        compress=st.booleans(),
    )
    def start(self, serializer: str, seq: int, greeted: bool, compress: bool) -> None:
        self.client = ClientSession(
            "demo",
            codecs(),
            serializer=serializer,
            seq=seq,
            greeted=greeted,
            compress=compress,
        )
        self.server = ServerSession(codecs(), greeted=greeted, compress=not compress)
        self.to_server = self.to_client = b""
        self.spoiled_to_server = self.spoiled_to_client = False
        self.ended = False  # by closing or refusing
        self.greeting: Greeting | None = None
        self.arrived: list[Call] = []
        self.sent: dict[int, int] = {}  # number of the call: what it asks for
        self.expected: dict[int, Any] = {}  # number of the call: what was answered
        self.made = 0
        self.pings = 0

    def can_call(self) -> bool:
        return self.client.state == OPEN

    def over(self) -> bool:
        return CLOSED in (self.client.state, self.server.state)

    def has_call(self) -> bool:
        return bool(self.arrived) and self.server.state == OPEN

    # What the client does.

    @precondition(lambda self: self.client.state == NEW)
    @rule()
    def greet(self) -> None:
        self.to_server += self.client.greet({"user": 1})

    @precondition(can_call)
    @rule(
        flags=st.sampled_from([0, 0, 0, ONEWAY, BATCH, BATCH | ONEWAY]),
        size=st.integers(0, 200),
    )
    def call(self, flags: int, size: int) -> None:
        self.made += 1
        args: Any = (self.made, "x" * size)
        if flags & BATCH:
            args = [("add", args, {})]
        open_numbers = set(self.sent)
        self.to_server += self.client.call(
            "add", args, None if flags & BATCH else {}, flags
        )
        if not flags & ONEWAY:
            assert self.client.seq not in open_numbers
            self.sent[self.client.seq] = self.made

    @precondition(can_call)
    @rule()
    def ping(self) -> None:
        self.to_server += self.client.ping()
        self.pings += 1

    # What the server does.

    @precondition(lambda self: self.greeting is not None and self.server.state == GREETING)
    @rule(refuse=st.sampled_from([False, False, False, True]))
    def answer_greeting(self, refuse: bool) -> None:
        assert self.greeting
        if refuse:
            self.to_client += self.server.refuse("go away", self.greeting)
            self.ended = True
        else:
            self.to_client += self.server.welcome(self.greeting, "hello", MEMBERS)
        self.greeting = None

    @precondition(has_call)
    @rule(data=st.data(), kind=st.sampled_from(["result", "fault", "stream"]))
    def answer_any_call(self, data: st.DataObject, kind: str) -> None:
        call = self.arrived.pop(data.draw(st.integers(0, len(self.arrived) - 1)))
        if call.flags & BATCH:
            ((_, (number, _), _),) = call.args
            answer = self.server.result(call, [number, Failure(KeyError(number), LINES)])
            kind = "batch"
        else:
            number, _ = call.args
            if kind == "result":
                answer = self.server.result(call, {"number": number})
            elif kind == "fault":
                answer = self.server.fault(call, KeyError(number), LINES)
            else:
                answer = self.server.stream(call, f"stream {number}")
        assert bool(answer) == (not call.flags & ONEWAY)
        if not call.flags & ONEWAY:
            assert self.sent[call.seq] == number
            self.expected[call.seq] = (kind, number)
        self.to_client += answer

    # What the network does.

    @precondition(lambda self: bool(self.to_server))
    @rule(size=pieces)
    def deliver_to_server(self, size: int) -> None:
        data, self.to_server = self.to_server[:size], self.to_server[size:]
        self.server.receive(data)
        self.serve()

    @precondition(lambda self: self.server.state in (NEW, OPEN))
    @rule()
    def serve(self) -> None:
        while event := self.next_of(self.server, self.spoiled_to_server):
            if isinstance(event, Greeting):
                assert (event.handshake, event.object_id) == ({"user": 1}, "demo")
                self.greeting = event
            elif isinstance(event, Ping):
                self.to_client += self.server.pong(event)
            else:
                assert isinstance(event, Call)
                assert event.problem is None
                self.arrived.append(event)

    @precondition(lambda self: bool(self.to_client))
    @rule(size=pieces)
    def deliver_to_client(self, size: int) -> None:
        data, self.to_client = self.to_client[:size], self.to_client[size:]
        self.client.receive(data)
        while event := self.next_of(self.client, self.spoiled_to_client):
            if isinstance(event, Reply):
                del self.sent[event.seq]
                assert outcome(event) == self.expected.pop(event.seq)
            elif isinstance(event, Pong):
                self.pings -= 1
            elif isinstance(event, Welcome):
                assert (event.handshake, event.metadata) == ("hello", MEMBERS)
            else:
                assert isinstance(event, Refusal)
                assert event.text == "go away"
                assert self.client.state == CLOSED

    def next_of(self, session: ClientSession | ServerSession, spoiled: bool) -> Any:
        """Return the next event; only a spoiled stream or a closed session may refuse."""
        closed = session.state == CLOSED
        try:
            return session.next()
        except ProtocolError:
            assert spoiled or closed
            if session.state == NEW and isinstance(session, ServerSession):
                self.to_client += session.refuse("go away")
                self.spoiled_to_client |= self.client.state == NEW  # it has not asked
            assert session.state == CLOSED
            return None

    @rule(data=garbage)
    @precondition(lambda self: self.made > 2 or self.client.state == NEW)
    def spoil_the_way_to_the_server(self, data: bytes) -> None:
        self.to_server += data
        self.spoiled_to_server = True

    @rule(data=garbage)
    @precondition(lambda self: self.made > 2)
    def spoil_the_way_to_the_client(self, data: bytes) -> None:
        self.to_client += data
        self.spoiled_to_client = True

    @rule()
    @precondition(lambda self: self.made > 4 or self.over())
    def close_client(self) -> None:
        self.client.close()
        self.ended = True

    @rule()
    @precondition(lambda self: self.made > 4 or self.over())
    def close_server(self) -> None:
        self.server.close()
        self.ended = True

    # What must hold.

    @invariant()
    def no_open_number_is_lost(self) -> None:
        if self.client.state == OPEN:
            assert self.client.calls == len(self.sent)

    @invariant()
    def without_garbage_nobody_gives_up(self) -> None:
        if not (self.spoiled_to_server or self.spoiled_to_client or self.ended):
            assert CLOSED not in (self.client.state, self.server.state)

    def teardown(self) -> None:
        """Let all that is under way arrive; then no call may be without its reply."""
        if not hasattr(self, "client"):
            return
        ways = [
            (self.deliver_to_server, "to_server"),
            (self.deliver_to_client, "to_client"),
        ]
        for _ in range(3):
            if self.greeting and self.server.state == GREETING:
                self.to_client += self.server.welcome(self.greeting, "hello", MEMBERS)
                self.greeting = None
                self.serve()
            for deliver, way in ways:
                if getattr(self, way):
                    deliver(1 << 20)
            while self.has_call():
                call = self.arrived.pop()
                self.to_client += self.server.result(
                    call, {"number": self.sent.get(call.seq)}
                )
                if not call.flags & ONEWAY:
                    self.expected[call.seq] = ("result", self.sent[call.seq])
        if self.spoiled_to_server and self.server.state != GREETING:
            assert self.server.state == CLOSED
        if self.spoiled_to_client:
            assert self.client.state == CLOSED
        if self.client.state == self.server.state == OPEN:
            assert (self.sent, self.expected, self.client.calls, self.pings) == (
                {},
                {},
                0,
                0,
            )


def outcome(reply: Reply) -> tuple[str, Any]:
    """Return kind and number of a reply."""
    if reply.stream is not None:
        return "stream", int(reply.stream.removeprefix("stream "))
    try:
        value = reply.unwrap()
    except KeyError as error:
        return "fault", error.args[0]
    if isinstance(value, dict):
        return "result", value["number"]
    number, failure = value
    assert isinstance(failure, Failure)
    assert failure.error.args == (number,)
    return "batch", number


TestConversation = Conversation.TestCase
TestConversation.settings = settings(stateful_step_count=50)


sides = st.sampled_from(["client", "server"])


class FeaturedConversation(RuleBasedStateMachine):
    """What two ends do that have all features; who asks what, and how, is in ``rounds``."""

    @initialize(seed=st.integers(0, 1 << 32))
    def start(self, seed: int) -> None:
        self.world = World(seed)
        self.spoiled: set[str] = set()  # sides whose bytes are garbage from now on
        self.over = False

    def side(self, name: str) -> Side:
        side: Side = getattr(self.world, name)
        return side

    def goes_on(self) -> bool:
        return not self.over

    @precondition(goes_on)
    @rule(name=sides, what=st.sampled_from(["ask", "ping", "give_up", "let_go"]))
    def ask(self, name: str, what: str) -> None:
        if name not in self.spoiled:
            getattr(self.side(name), what)()

    @precondition(goes_on)
    @rule(name=sides, what=st.sampled_from(["answer", "read"]), times=st.integers(1, 5))
    def answer(self, name: str, what: str, times: int) -> None:
        if name not in self.spoiled:
            for _ in range(times):
                getattr(self.side(name), what)()

    @precondition(goes_on)
    @rule(seconds=st.floats(0, 3))
    def wait(self, seconds: float) -> None:
        self.world.now += seconds
        for name in {"client", "server"} - self.spoiled:
            self.side(name).watch_the_clock()

    @precondition(goes_on)
    @rule(name=sides, size=pieces)
    def deliver(self, name: str, size: int) -> None:
        try:
            self.world.deliver(self.side(name), size)
        except ProtocolError:
            assert name in self.spoiled
            other = self.side("server" if name == "client" else "client")
            assert other.session.state == CLOSED
            self.end()

    @precondition(lambda self: self.goes_on() and len(self.world.questions) > 2)
    @rule(name=sides, data=garbage)
    def spoil(self, name: str, data: bytes) -> None:
        if name not in self.spoiled:
            self.side(name).outbox += data
            self.spoiled.add(name)

    @precondition(lambda self: self.goes_on() and len(self.world.questions) > 4)
    @rule()
    def end(self) -> None:
        self.over = True
        self.world.cut()

    @precondition(lambda self: self.over)
    @rule(name=sides)
    def call_though_it_is_over(self, name: str) -> None:
        with pytest.raises(ProtocolError):
            self.side(name).session.ping()

    @invariant()
    def no_open_number_is_lost(self) -> None:
        if hasattr(self, "world") and not self.over:
            for side in (self.world.client, self.world.server):
                # And those whose answers nobody wants any more.
                assert side.session.calls >= len(side.asked) + len(side.pings)
                assert side.session.owed == len(side.served)

    def teardown(self) -> None:
        """Let all that is under way end; then each call has its outcome."""
        if not hasattr(self, "world"):
            return
        if self.spoiled and not self.over:
            self.end()
        elif not self.over:
            self.world.end()
        assert all(question.outcome for question in self.world.questions)


TestFeaturedConversation = FeaturedConversation.TestCase
TestFeaturedConversation.settings = settings(stateful_step_count=60)
