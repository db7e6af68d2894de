"""The serializers whose bytes can do anything, and what keeps them from it."""

from __future__ import annotations

import copy
import pickle
import pickletools
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import Pyro4
import Pyro4.core
import Pyro4.util
from peers import Peer, real_python
from Pyro4 import errors
from Pyro4.configuration import Configuration, config
from Pyro4.dialect import PYRO4
from Pyro4.futures import _ExceptionWrapper
from Pyro4.message import FLAGS_META_ON_CONNECT, MSG_CONNECT, MSG_INVOKE, Message
from Pyro4.pickles import FAMILY, Pickling, pickle_as, warn_of_pickles
from Pyro4.serializers import CODECS, accepted, get_serializer
from pyrophone import URI as PlainURI
from pyrophone import RemoteError
from pyrophone import errors as ours
from pyrophone.serializers.classes import Failure
from pyrophone.wire.events import Call
from pyrophone.wire.server import ServerSession

HERE = Path(__file__).parent
each = pytest.mark.parametrize("name", FAMILY)


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    before = config.asDict()
    yield
    for name, value in before.items():
        setattr(config, name, value)


class Thing:
    """Something that is registered with a daemon."""


class Other(Thing):
    """Something like it."""


class StandIn:
    """What goes in its place."""


class Trap:
    """Calls a function where it is read."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self.action = function, args

    def __reduce__(self) -> Any:
        return self.action


def raise_it(error: type[BaseException]) -> None:
    raise error("sprung")


@each
def test_values_and_calls_come_back(name: str) -> None:
    serializer = get_serializer(name)
    value: Any = {(1, 2): {b"x", None}, "k": [Thing, 1j, frozenset({1})]}
    assert serializer.loads(serializer.dumps(value)) == value
    call = ("o", "m", (1, Thing), {"k": value})
    assert serializer.loadsCall(serializer.dumpsCall(*call)) == call
    assert serializer.loadsCall(serializer.dumpsCall("o", "m", [1], None)) == (
        "o", "m", [1], None,
    )  # fmt: skip
    data, compressed = serializer.serializeCall("o", "m", ("a" * 300,), {}, compress=True)
    assert compressed
    assert serializer.deserializeCall(data, True) == ("o", "m", ("a" * 300,), {})


@pytest.mark.parametrize("name", ["dill", "cloudpickle"])
def test_functions_travel(name: str) -> None:
    serializer = get_serializer(name)
    factor = 3
    assert serializer.loads(serializer.dumps(lambda x: x * factor))(2) == 6


@each
@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_the_version_follows_the_configuration(name: str, version: int) -> None:
    item = "DILL_PROTOCOL_VERSION" if name == "dill" else "PICKLE_PROTOCOL_VERSION"
    setattr(config, item, version)
    data = get_serializer(name).dumps([1])
    assert next(pickletools.genops(data))[1] == version


@each
def test_what_cannot_be_pickled_is_refused(name: str) -> None:
    serializer = get_serializer(name)
    for value in ((x for x in [1]), sys._getframe()):
        for kind in (errors.SerializeError, TypeError):
            with pytest.raises(kind):
                serializer.dumps([value])
            with pytest.raises(kind):
                serializer.dumpsCall("o", "m", (value,), {})


@each
def test_a_client_is_told_what_the_pickler_said(name: str) -> None:
    serializer = get_serializer(name)
    with pytest.raises(errors.SerializeError) as caught:
        serializer.dumps(x for x in [1])
    assert type(caught.value).__name__ == "SerializeError"
    found = serializer.loads(CODECS.dump_error(serializer, caught.value, ["tb"]))
    assert type(found) is TypeError
    assert found.args == ("cannot pickle 'generator' object",)
    assert vars(found) == {"_pyroTraceback": ["tb"]}
    twin = pickle.loads(pickle.dumps(caught.value))
    assert (type(twin), twin.args) == (errors.SerializeError, caught.value.args)


@each
@pytest.mark.parametrize(
    "error",
    [ValueError, SystemExit, RecursionError, MemoryError, GeneratorExit, BaseException,
     errors.SecurityError],
)  # fmt: skip
def test_what_reading_raises_is_a_serialize_error(
    name: str, error: type[BaseException]
) -> None:
    serializer = get_serializer(name)
    for read in (serializer.loads, serializer.loadsCall):
        with pytest.raises(errors.SerializeError, match=f"{error.__name__}: sprung"):
            read(serializer.dumps(Trap(raise_it, error)))


@each
def test_the_user_can_still_interrupt(name: str) -> None:
    serializer = get_serializer(name)
    with pytest.raises(KeyboardInterrupt):
        serializer.loads(serializer.dumps(Trap(raise_it, KeyboardInterrupt)))


@each
@pytest.mark.parametrize(
    "parts",
    [[1, 2], "abcd", ("o", "m", ()), (1, "m", (), {}), ("o", b"m", (), {}),
     ("o", "m", None, {}), ("o", "m", "ab", {}), ("o", "m", (), [])],
)  # fmt: skip
def test_a_call_has_four_parts(name: str, parts: Any) -> None:
    serializer = get_serializer(name)
    with pytest.raises(errors.SerializeError, match="malformed call"):
        serializer.loadsCall(serializer.dumps(parts))


@each
@given(data=st.binary(max_size=60))
def test_junk_is_a_serialize_error(name: str, data: bytes) -> None:
    # It begins with what is no opcode, so that it can't do what a pickle can.
    with pytest.raises(errors.SerializeError, match=f"not {name} data"):
        get_serializer(name).loads(b"\xff" + data)


@pytest.fixture
def replaced() -> Iterator[None]:
    """Pickle things as stand-ins."""
    pickle_as(Thing, lambda thing: StandIn())
    yield
    pickle_as(Thing, lambda thing: thing)


@each
@pytest.mark.usefixtures("replaced")
def test_objects_of_exactly_a_type_are_replaced(name: str) -> None:
    serializer = get_serializer(name)
    assert type(serializer.loads(serializer.dumps(Thing()))) is StandIn
    assert type(serializer.loads(serializer.dumps([{"k": Thing()}]))[0]["k"]) is StandIn
    assert type(serializer.loads(serializer.dumps(Other()))) is Other


@pytest.mark.usefixtures("replaced")
def test_copies_and_other_pickles_are_not() -> None:
    thing = Thing()
    for twin in (copy.copy(thing), copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
        assert type(twin) is Thing


@each
@pytest.mark.usefixtures("replaced")
def test_a_replacement_counts_for_the_whole_family(name: str) -> None:
    kind: Any = type(get_serializer(name))
    kind.register_type_replacement(Thing, lambda thing: thing)
    for other in map(get_serializer, FAMILY):
        assert type(other.loads(other.dumps(Thing()))) is Thing
    for value in ("text", None, 5, [1], {"a": 1}):
        kind.register_type_replacement(Thing, lambda thing, value=value: value)
        for other in map(get_serializer, FAMILY):
            assert other.loads(other.dumps([Thing()])) == [value]
    with pytest.raises(ValueError, match="non-type"):
        kind.register_type_replacement(type, str)


@each
def test_an_exception_is_sent_as_itself_with_its_traceback(name: str) -> None:
    serializer: Any = get_serializer(name)
    error = ValueError("bad", 3)
    error.extra = 5  # type: ignore[attr-defined]
    found = serializer.loads(CODECS.dump_error(serializer, error, ["tb"]))
    assert (type(found), found.args) == (ValueError, ("bad", 3))
    assert vars(found) == {"extra": 5, "_pyroTraceback": ["tb"]}
    codecs = accepted([name])
    assert codecs.dump_error(serializer, error, None) == serializer.dump_error(error, None)


@each
def test_an_exception_of_pyrophone_is_sent_as_one_of_pyro4(name: str) -> None:
    serializer = get_serializer(name)
    for error, kind in (
        (ours.NoSuchObjectError("x"), errors.DaemonError),
        (ours.NotExposedError("x"), AttributeError),
        (errors.NamingError("x"), errors.NamingError),
    ):
        data = CODECS.dump_error(serializer, error, ["tb"])
        assert b"pyrophone" not in data
        found = serializer.loads(data)
        assert (type(found), found.args) == (kind, ("x",))
        assert vars(found)["_pyroTraceback"] == ["tb"]


@each
@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_what_would_end_the_client_is_sent_as_another(
    name: str, error: BaseException
) -> None:
    serializer = get_serializer(name)
    found = serializer.loads(CODECS.dump_error(serializer, error, None))
    assert type(found) is errors.PyroError
    assert str(found).startswith(type(error).__name__)


@each
def test_an_exception_that_cannot_be_pickled_is_named_by_another(name: str) -> None:
    serializer = get_serializer(name)
    error = ValueError("oh no", (x for x in [1]))
    found = serializer.loads(CODECS.dump_error(serializer, error, ["tb"]))
    assert type(found) is errors.PyroError
    assert str(found).startswith("Error serializing exception: ")
    assert "Original exception: <class 'ValueError'>: ('oh no', <gen" in str(found)
    assert vars(found)["_pyroTraceback"] == ["tb"]


def test_an_exception_that_lets_nothing_be_set_is_sent_without_traceback() -> None:
    class FrozenError(Exception):
        def __setattr__(self, name: str, value: Any) -> None:
            raise AttributeError(name)

    serializer = get_serializer("cloudpickle")
    found = serializer.loads(CODECS.dump_error(serializer, FrozenError("x"), ["tb"]))
    assert (type(found).__name__, found.args) == ("FrozenError", ("x",))


@each
def test_what_pyrophone_sends_is_pickled_as_classes_of_pyro4(name: str) -> None:
    serializer = get_serializer(name)
    data = serializer.dumps(
        [PlainURI("PYRO", "o", host="h", port=1), Failure(KeyError(1), ["tb"])]
    )
    assert b"pyrophone" not in data
    uri, failure = serializer.loads(data)
    assert (type(uri), str(uri)) == (Pyro4.URI, "PYRO:o@h:1")
    assert type(failure) is _ExceptionWrapper
    assert failure.exception.args == (1,)
    assert vars(failure.exception)["_pyroTraceback"] == ["tb"]


@each
def test_failures_in_batches_are_sent_like_others(name: str) -> None:
    serializer = get_serializer(name)
    for error, kind, text in (
        (ours.NotExposedError("x"), AttributeError, "x"),
        (ours.NoSuchObjectError("x"), errors.DaemonError, "x"),
        (RemoteError("lab.Hot", (), "x"), errors.SerializeError, "unsupported serialized"),
        (SystemExit(3), errors.PyroError, "SystemExit: 3"),
    ):
        data = serializer.dumps([1, Failure(error, ["tb"])])
        assert b"pyrophone" not in data
        found = serializer.loads(data)[1].exception
        assert type(found) is kind
        assert str(found).startswith(text)
        assert vars(found)["_pyroTraceback"] == ["tb"]


@each
def test_errors_of_pyrophone_inside_of_values_are_sent_likewise(name: str) -> None:
    serializer = get_serializer(name)
    for error in (ours.UnknownNameError("x"), ours.MessageTooLargeError(5, 4)):
        data = serializer.dumps({"k": [error]})
        assert b"pyrophone" not in data
        assert isinstance(serializer.loads(data)["k"][0], errors.PyroError)


def test_serializers_can_be_pickled() -> None:
    for serializer in CODECS.by_name.values():
        assert type(pickle.loads(pickle.dumps(serializer))) is type(serializer)


def create(path: str) -> None:
    Path(path).touch()


def session(payload: bytes, number: int, kind: int) -> ServerSession:
    """Return one of a daemon with the defaults that has received a message."""
    flags = FLAGS_META_ON_CONNECT if kind == MSG_CONNECT else 0
    codecs = accepted(Configuration().SERIALIZERS_ACCEPTED)
    made = ServerSession(codecs, dialect=PYRO4, greeted=kind == MSG_INVOKE)
    made.receive(Message(kind, payload, number, flags, 1).to_bytes())
    return made


@each
def test_a_pickle_is_refused_before_a_byte_of_it_is_read(name: str, tmp_path: Path) -> None:
    victim = tmp_path / "created"
    serializer = get_serializer(name)
    payload = serializer.dumps(Trap(create, str(victim)))
    number = serializer.serializer_id
    with pytest.raises(ours.RemoteProtocolError, match=f"not accepted: {number}"):
        session(payload, number, MSG_CONNECT).next()
    event = session(payload, number, MSG_INVOKE).next()
    assert isinstance(event, Call)
    assert isinstance(event.problem, ours.SerializeError)
    assert str(event.problem).endswith(f"not accepted: {number}")
    assert not victim.exists()
    with pytest.raises(errors.SerializeError):  # it is none of what is accepted, too
        get_serializer("serpent").loads(payload)
    serializer.loads(payload)  # but here it would have done it
    assert victim.exists()


@pytest.mark.parametrize(
    ("names", "host"),
    [
        (["pickle", "serpent"], "192.0.2.1"),
        (["dill"], "0.0.0.0"),
        (["cloudpickle"], "example.org"),
        (["pickle"], "::"),
    ],
)
def test_a_daemon_that_others_can_reach_with_pickles_is_warned_of(
    names: list[str], host: str
) -> None:
    with pytest.warns(RuntimeWarning, match=f"accepts {names[0]} and listens on '{host}'"):
        warn_of_pickles(names, host)


@pytest.mark.parametrize(
    ("names", "host"),
    [
        (FAMILY, "localhost"), (FAMILY, "127.0.0.1"), (FAMILY, "::1"), (FAMILY, None),
        (["serpent", "json", "marshal", "msgpack"], "0.0.0.0"),
    ],
)  # fmt: skip
def test_others_are_not_warned_of(names: list[str], host: str | None) -> None:
    warn_of_pickles(names, host)  # a warning would be an error


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    """A process of the real Pyro4."""
    script = HERE.parents[2] / "tests" / "peers" / "real_pyro.py"
    real = Peer(real_python("pyro4"), script, {})
    real.run("import Pyro4.util, Pyro4.futures, Pyro4.errors, Pyro4.core")
    yield real
    real.close()


def proxy() -> Any:
    made = Pyro4.Proxy("PYRO:o@h:1")
    made._pyroHmacKey = b"key"
    made._pyroHandshake = "hi"
    made._pyroSerializer = "json"
    made._pyroMethods.add("m")
    return made


# What to pickle, and what to look at on the other side: the same on both.
EXCHANGED = [
    ("Pyro4.URI('PYRO:o@h:1')", "str(x)"),
    ("Pyro4.URI('PYROMETA:a,b@h:1')", "(sorted(x.object), x.protocol, x.host)"),
    ("Pyro4.URI('PYRO:o@./u:sock')", "(str(x), x.sockname)"),
    (
        "Pyro4.Proxy('PYRO:o@h:1')",
        "(str(x._pyroUri), x._pyroHandshake, x._pyroHmacKey, x._pyroSerializer)",
    ),
    (
        "Pyro4.futures._ExceptionWrapper(KeyError(1))",
        "(type(x.exception).__name__, x.exception.args)",
    ),
    ("Pyro4.util.JsonSerializer()", "x.serializer_id"),
    *[
        (f"Pyro4.errors.{error}('x', 2)", "(type(x).__name__, x.args, type(x).__module__)")
        for error in errors.__all__
    ],
]


@pytest.mark.peers
@each
def test_pickles_are_exchanged_with_the_real_pyro4(name: str, peer: Peer) -> None:
    serializer: Pickling = get_serializer(name)  # type: ignore[assignment]
    for expression, look in EXCHANGED:
        made = eval(expression)  # from the list above
        expected = eval(look, {"x": made})
        code = f"Pyro4.util.get_serializer({name!r})"
        theirs = peer.value(f"{code}.dumps({expression})")
        assert eval(look, {"x": serializer.loads(theirs)}) == expected
        assert type(serializer.loads(theirs)) is type(made)
        seen = peer.value(f"(lambda x: {look})({code}.loads({serializer.dumps(made)!r}))")
        assert seen == expected


@pytest.mark.peers
@pytest.mark.parametrize("name", ["dill", "cloudpickle"])
def test_functions_are_exchanged_with_the_real_pyro4(name: str, peer: Peer) -> None:
    if peer.value("__import__('sys').version_info[:2]") != sys.version_info[:2]:
        pytest.skip("the bytes of a function are for one version of Python only")
    serializer = get_serializer(name)
    code = f"Pyro4.util.get_serializer({name!r})"
    theirs = peer.value(f"{code}.dumps(eval('lambda n: n * 7', {{}}))")
    assert serializer.loads(theirs)(3) == 21
    data = serializer.dumps(eval("lambda n: n * 5", {}))  # of no module that is only here
    assert peer.value(f"{code}.loads({data!r})(3)") == 15


@pytest.mark.peers
def test_what_is_in_a_proxy_arrives_at_the_real_pyro4(peer: Peer) -> None:
    data = get_serializer("pickle").dumps(proxy())
    look = "(x._pyroHmacKey, x._pyroHandshake, x._pyroSerializer, sorted(x._pyroMethods))"
    seen = peer.value(
        f"(lambda x: {look})(Pyro4.util.get_serializer('pickle').loads({data!r}))"
    )
    assert seen == (b"key", "hi", "json", ["m"])


@pytest.mark.peers
def test_an_answer_that_failed_arrives_at_the_real_pyro4(peer: Peer) -> None:
    data = CODECS.dump_error(get_serializer("pickle"), ValueError("bad"), ["tb"])
    look = "(type(x).__name__, x.args, x._pyroTraceback)"
    seen = peer.value(
        f"(lambda x: {look})(Pyro4.util.get_serializer('pickle').loads({data!r}))"
    )
    assert seen == ("ValueError", ("bad",), ["tb"])


@pytest.mark.slow
def test_without_their_libraries_the_two_are_not_there() -> None:
    code = (
        "import sys\n"
        "sys.modules['dill'] = sys.modules['cloudpickle'] = None\n"
        "import Pyro4.util\n"
        "from Pyro4.serializers import accepted\n"
        "print(sorted(Pyro4.util._serializers), Pyro4.config.DILL_PROTOCOL_VERSION)\n"
        "for name in ('dill', 'cloudpickle'):\n"
        "    try:\n"
        "        accepted([name])\n"
        "    except Pyro4.errors.SerializeError as error:\n"
        "        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (
        "['json', 'marshal', 'msgpack', 'pickle', 'serpent'] -1\n"
        "serializer 'dill' is unknown or not available\n"
        "serializer 'cloudpickle' is unknown or not available\n",
        "",
    )


@pytest.mark.slow
def test_neither_is_imported_before_it_is_used() -> None:
    code = (
        "import sys, Pyro4.util\n"
        "print('dill' in sys.modules, 'cloudpickle' in sys.modules)\n"
        "Pyro4.util.get_serializer('dill').dumps(1)\n"
        "print('dill' in sys.modules, 'cloudpickle' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("False False\nTrue False\n", "")


# What is in the main program is known by name to dill, if it takes a pickler for its own.
MAIN = """
import cloudpickle, dill, pickle
import Pyro4.util
FACTOR = 5
def times(x): return x * FACTOR
class Box:
    def __init__(self): self.content = lambda: FACTOR
for library in (pickle, dill, cloudpickle):
    serializer = Pyro4.util.get_serializer(library.__name__)
    for value in (times, Box, [1, {"f": times}], ValueError(1), times.__code__, Box()):
        try:
            expected = library.dumps(value, protocol=5)
        except Exception:
            continue
        assert serializer.dumps(value) == expected, (library, value)
print("same")
"""


@pytest.mark.slow
def test_pickles_are_those_of_the_libraries_byte_for_byte() -> None:
    done = subprocess.run(
        [sys.executable, "-c", MAIN],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("same\n", "")
