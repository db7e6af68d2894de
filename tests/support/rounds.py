"""Two sessions that call each other, the ways between them, and a clock.

Both ends call each other; bytes arrive in pieces of any size at any time; the clock is a
number. What is checked all the time: each call has one outcome, an answer belongs to its
question, and in the end no number and no function is in use.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from typing import Any

from conversing import SERIALIZERS, joined
from pyrophone.errors import CallCancelledError, DeadlineExceeded
from pyrophone.objects.functions import (
    FunctionCrossing,
    FunctionTable,
    RemoteFunction,
    StubTable,
)
from pyrophone.wire.client import ClientSession
from pyrophone.wire.events import Call, Cancel, Credit, Ping, Pong, Portion, Reply
from pyrophone.wire.framing import ONEWAY
from pyrophone.wire.server import ServerSession

WINDOW = 3
OUTCOMES = ("result", "error", "cancelled", "deadline", "lost")


class Question:
    """One call, as who made it knows it."""

    def __init__(self, number: int, due: float | None) -> None:
        self.number = number
        self.due = due
        self.outcome = ""
        self.flows = False
        self.items = 0

    def end(self, outcome: str) -> None:
        """Note the outcome, of which there must be one."""
        assert not self.outcome, f"{self.outcome}, and now {outcome}"
        assert outcome in OUTCOMES
        self.outcome = outcome

    def fail(self, error: Exception) -> None:
        """Note an error that came as the answer."""
        assert f"question {self.number}" in str(error)
        self.end("error")


class Side:
    """One end: it asks, and it answers what the other one asks."""

    def __init__(self, world: World, session: ClientSession | ServerSession) -> None:
        self.world = world
        self.session = session
        self.outbox = bytearray()
        self.stubs = StubTable(RemoteFunction)
        self.functions = FunctionTable()
        session.crossing = FunctionCrossing(self.functions, self.stubs)
        self.own = [lambda: 1, lambda: 2, self.ask]
        self.held: list[RemoteFunction] = []  # functions of the other side
        self.unread: deque[tuple[Portion, Question]] = deque()
        self.asked: dict[int, Question] = {}  # by number
        self.ending: list[Question] = []  # streams of which all came, but was not read
        self.pings: set[int] = set()
        self.served: list[Call] = []
        self.dues: dict[int, float] = {}  # of the calls served, by number
        self.sent: dict[int, int] = {}  # items of the streams served

    # Asking.

    def ask(self) -> None:
        """Call the other side: an object of the server, or a function of the client."""
        world, random = self.world, self.world.random
        function = random.choice(self.held) if self.held else None
        if isinstance(self.session, ServerSession) and function is None:
            return
        number = world.next_number()
        limit = random.choice([None, None, 0.5, 2.0, 9.0])
        args: list[Any] = [number, "x" * random.choice([0, 10, 300])]
        if random.random() < 0.2:
            args.append(random.choice(self.own))
        if self.asked and random.random() < 0.1:  # let numbers come round again
            self.session.seq = (random.choice(list(self.asked)) - 1) & 0xFFFF
        flags = ONEWAY if random.random() < 0.05 else 0
        self.outbox += self.session.call(
            "__call__" if function else "ask",
            args,
            {},
            flags,
            object_id=function.function_id if function else None,
            limit=limit,
        )
        if flags:
            return
        seq = self.session.seq
        assert seq not in self.asked
        due = None if limit is None else world.now + limit
        self.asked[seq] = world.ask(Question(number, due))

    def ping(self) -> None:
        """Ask whether anybody is there, or just say that somebody is here."""
        if self.world.random.random() < 0.5:
            self.outbox += self.session.pulse()
            return
        self.outbox += self.session.ping()
        assert self.session.seq not in {*self.pings, *self.asked}
        self.pings.add(self.session.seq)

    def give_up(self) -> None:
        """Cancel a call, or close a stream early."""
        waiting = [seq for seq, each in self.asked.items() if not each.outcome]
        if waiting:
            self.abandon(self.world.random.choice(waiting), "cancelled")

    def abandon(self, seq: int, outcome: str) -> None:
        """Let the call go; its number is in use until all of its answer came."""
        question = self.asked.pop(seq)
        if question.flows:
            self.outbox += self.session.credit(seq, 1)
        self.outbox += self.session.abandon(seq)
        assert self.session.abandon(seq) == b""
        question.end(outcome)

    def watch_the_clock(self) -> None:
        """Give up what is late."""
        now = self.world.now
        for seq, each in list(self.asked.items()):
            if each.due is not None and each.due <= now:
                self.abandon(seq, "deadline")

    # Answering.

    def answer(self) -> None:
        """Answer some call, or go on with its stream."""
        if not self.served:
            return
        random = self.world.random
        call = random.choice(self.served)
        if call.flow is not None:
            self.produce(call)
            return
        number = call.args[0]
        end = "cancel" if call.cancelled else random.choice(["result", "fault", "flow"])
        if self.dues.get(call.seq, self.world.now) < self.world.now:
            end = "late"
        if end == "result":
            value = [number, random.choice(self.own)] if random.random() < 0.1 else [number]
            data = self.session.result(call, value)
        elif end == "flow":
            data = self.session.flow(call)
            self.sent[call.seq] = 0
        else:
            data = self.session.fault(call, problem(end, number), [])
        assert data
        self.outbox += data
        if call.flow is None:
            self.done(call)

    def produce(self, call: Call) -> None:
        """Send items, as many as may be, or the end."""
        assert call.flow is not None
        random, number = self.world.random, call.args[0]
        if call.cancelled or random.random() < 0.1:
            self.outbox += self.session.items(call, [], last=True)
        elif random.random() < 0.05:
            self.outbox += self.session.items_fault(call, problem("fault", number), [])
        elif call.flow.room:
            count = random.randint(1, 5)
            start = self.sent[call.seq]
            self.sent[call.seq] += count
            items = [[number, index] for index in range(start, start + count)]
            self.outbox += self.session.items(call, items)
            return
        else:
            return
        del self.sent[call.seq]
        self.done(call)

    def done(self, call: Call) -> None:
        """Forget a call; whatever is answered again sends nothing."""
        self.served.remove(call)
        self.dues.pop(call.seq, None)
        session = self.session
        assert session.result(call, 1) == session.items(call, [1]) == b""

    # What arrives.

    def take(self, data: bytes) -> None:
        """Receive *data*, and see to all that it brings."""
        self.session.receive(data)
        while (event := self.session.next()) is not None:
            self.takers[type(event)](self, event)

    def take_call(self, call: Call) -> None:
        assert call.problem is None
        if call.method == "__release__":
            self.functions.release(call.object_id, *call.args)
            return
        if call.method == "__call__":
            assert self.functions.find(call.object_id)
        self.held += [arg for arg in call.args if isinstance(arg, RemoteFunction)]
        if call.flags & ONEWAY:
            return
        assert all(call.seq != each.seq for each in self.served)
        if call.limit is not None:
            self.dues[call.seq] = self.world.now + call.limit
        self.served.append(call)

    def take_cancel(self, cancel: Cancel) -> None:
        assert cancel.call in self.served
        assert cancel.call.cancelled

    def take_credit(self, credit: Credit) -> None:
        assert credit.call in self.served
        assert credit.call.flow is not None
        assert credit.call.flow.room <= WINDOW + 1

    def take_ping(self, ping: Ping) -> None:
        self.outbox += self.session.pong(ping)

    def take_pong(self, pong: Pong) -> None:
        self.pings.remove(pong.seq)

    def take_reply(self, reply: Reply) -> None:
        question = self.asked[reply.seq]
        if reply.flows:
            question.flows = True
            self.outbox += self.session.credit(reply.seq, WINDOW)
            return
        del self.asked[reply.seq]
        try:
            number, *functions = reply.unwrap()
        except (KeyError, CallCancelledError, DeadlineExceeded) as error:
            question.fail(error)
            return
        assert number == question.number
        self.held += functions
        question.end("result")

    def take_portion(self, portion: Portion) -> None:
        question = self.asked[portion.seq]
        assert question.flows
        if portion.last:  # its number may be used again before it is read
            del self.asked[portion.seq]
            self.ending.append(question)
        self.unread.append((portion, question))

    def read(self) -> None:
        """Read what came first of the items, if somebody still wants it."""
        if not self.unread:
            return
        portion, question = self.unread.popleft()
        if question.outcome:
            return
        try:
            for number, index in portion.unwrap():
                assert (number, index) == (question.number, question.items)
                question.items += 1
        except KeyError as error:
            question.fail(error)
        if not portion.last:
            self.outbox += self.session.credit(portion.seq, 1)
        elif not question.outcome:
            question.end("result")

    takers: dict[type, Callable[[Side, Any], None]] = {  # noqa: RUF012, never changed
        Call: take_call,
        Cancel: take_cancel,
        Credit: take_credit,
        Ping: take_ping,
        Pong: take_pong,
        Reply: take_reply,
        Portion: take_portion,
    }

    # Functions.

    def let_go(self) -> None:
        """Give back some function of the other side, and tell it."""
        if self.held:
            self.held.pop(self.world.random.randrange(len(self.held)))
        for function_id, count in self.stubs.take_released():
            self.outbox += self.session.call(
                "__release__", [count], {}, ONEWAY, object_id=function_id
            )


class World:
    """Two ends, the two ways between them, and a clock."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.now = 0.0
        self.questions: list[Question] = []
        self.numbers = 0
        client, server = joined(
            serializer=self.random.choice(SERIALIZERS),
            seq=self.random.choice([0, 65530]),
            compress=self.random.random() < 0.2,
        )
        self.client, self.server = Side(self, client), Side(self, server)

    def next_number(self) -> int:
        """Return what is asked for next, different from all before."""
        self.numbers += 1
        return self.numbers

    def ask(self, question: Question) -> Question:
        """Note a question."""
        self.questions.append(question)
        return question

    def run(self, rounds: int, *, cut: bool) -> None:
        """Make so many moves, then end: by a cut, or by letting all that is open end."""
        for _ in range(rounds):
            self.move()
        if cut:
            self.cut()
        else:
            self.end()
        assert all(each.outcome for each in self.questions)

    def move(self) -> None:
        """Let something happen."""
        side = self.random.choice([self.client, self.server])
        move = self.random.randrange(22)
        if move < 5:
            side.ask()
        elif move < 9:
            side.answer()
        elif move == 9:
            side.give_up()
        elif move == 10:
            self.now += self.random.random()
            self.client.watch_the_clock()
            self.server.watch_the_clock()
        elif move == 11:
            side.ping()
        elif move == 12:
            side.let_go()
        elif move < 15:
            side.read()
        else:
            self.deliver(side, self.random.choice([1, 39, 60, 400, 5000]))

    def deliver(self, side: Side, size: int) -> None:
        """Bring at most *size* bytes to the other side."""
        data = bytes(side.outbox[:size])
        del side.outbox[:size]
        other = self.server if side is self.client else self.client
        other.take(data)

    def cut(self) -> None:
        """Lose the connection: what is under way is lost, and nothing comes any more."""
        for side in (self.client, self.server):
            side.session.close()
            for question in [*side.asked.values(), *side.ending]:
                if not question.outcome:
                    question.end("lost")
            assert all(side.session.abandon(seq) == b"" for seq in side.asked)
            side.functions.clear()
            side.stubs.clear()

    def end(self) -> None:
        """Answer all that is open, without haste, until nothing is under way."""
        sides = self.client, self.server
        laps = 0
        while any(side.outbox or side.served or side.unread for side in sides):
            laps += 1
            assert laps < 10_000, "there is no end to it"
            for side in sides:
                self.deliver(side, 1 << 20)
                side.answer()
                side.read()
        for side in sides:
            side.let_go()
            while side.held:
                side.let_go()
            self.deliver(side, 1 << 20)
            assert not side.asked
            assert not side.pings
            assert (side.session.calls, side.session.owed) == (0, 0)
        assert [len(side.functions) for side in sides] == [0, 0]
        assert [len(side.stubs) for side in sides] == [0, 0]


def problem(kind: str, number: int) -> Exception:
    """Return the error that is the answer."""
    kinds = {"fault": KeyError, "cancel": CallCancelledError, "late": DeadlineExceeded}
    error: Exception = kinds[kind](f"question {number}")
    return error
