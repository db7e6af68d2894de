"""The compiled build and the sources: the same, as far as anybody can tell."""

from __future__ import annotations

import ast
import importlib
import math
import os
import random
import re
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pyrophone
from pyrophone.cli.main import build_name

SRC = Path(__file__).parent.parent / "src" / "pyrophone"
DECLARATIONS = sorted(SRC.rglob("*.pxd"))
TWINS = sorted(SRC.rglob("*.pyx"))  # compiled in place of the source

compiled = pytest.mark.skipif(build_name() != "compiled", reason="there is one build")


def declared(text: str) -> dict[str, set[str]]:
    """Return the attributes of each class that a ``.pxd`` of *text* declares."""
    classes: dict[str, set[str]] = {}
    for line in text.splitlines():
        if match := re.match(r"(?:cdef|cpdef) class (\w+)", line):
            attributes = classes.setdefault(match[1], set())
        elif match := re.match(r"    cdef (?:public |readonly )?[\w. \[\]*]+ (\w+)$", line):
            attributes.add(match[1])
    return classes


def slots(tree: ast.Module) -> dict[str, set[str]]:
    """Return the names in the ``__slots__`` of each class of a module."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for statement in node.body:
                if (
                    isinstance(statement, ast.Assign)
                    and isinstance(statement.targets[0], ast.Name)
                    and statement.targets[0].id == "__slots__"
                ):
                    names = ast.literal_eval(statement.value)
                    found[node.name] = {names} if isinstance(names, str) else set(names)
    return found


@pytest.mark.parametrize("path", DECLARATIONS, ids=lambda path: path.stem)
def test_declarations_have_the_slots_of_the_source(path: Path) -> None:
    in_source = slots(ast.parse(path.with_suffix(".py").read_text("utf-8")))
    for name, attributes in declared(path.read_text("utf-8")).items():
        assert name in in_source, f"class {name} has no __slots__"
        assert attributes == in_source[name], name


def test_the_comparison_with_slots_sees_a_difference() -> None:
    text = "cdef class A(B):\n    cdef public list names\n    cdef long size\n    cdef f()"
    assert declared(text) == {"A": {"names", "size"}}
    source = "class A:\n    __slots__ = ('names',)\nclass B:\n    __slots__ = 'one'\n"
    assert slots(ast.parse(source)) == {"A": {"names"}, "B": {"one"}}


@pytest.fixture(scope="module")
def sources() -> types.ModuleType:
    """The Python sources, as a package of another name beside the one under test."""
    package = types.ModuleType("pyrophone_sources")
    package.__path__ = [str(SRC)]
    sys.modules[package.__name__] = package
    return package


def twin(module: str) -> tuple[Any, Any]:
    """Return *module* as it is under test, and made of its source."""
    return (
        importlib.import_module(f"pyrophone.{module}"),
        importlib.import_module(f"pyrophone_sources.{module}"),
    )


def outcome(function: Any, *args: Any) -> Any:
    """Return what *function* gives, or the class and text of what it raises."""
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


def drain(decoder: Any, pieces: list[bytes]) -> list[Any]:
    """Return the messages in *pieces*, and how it ended."""
    found: list[Any] = []
    for piece in pieces:
        decoder.feed(piece)
        while (message := decoder.next()) is not None:
            found.append([getattr(message, name) for name in type(message).__slots__])
    return [*found, decoder.pending]


@compiled
def test_every_declared_module_is_compiled(sources: types.ModuleType) -> None:
    for path in [*DECLARATIONS, *TWINS]:
        name = ".".join(path.relative_to(SRC).with_suffix("").parts)
        ours, source = twin(name)
        assert not ours.__file__.endswith(".py"), name
        assert source.__file__ == str(path.with_suffix(".py"))


@compiled
@given(st.binary(max_size=200), st.integers(0, 300), st.booleans())
def test_decoders_agree(
    sources: types.ModuleType, noise: bytes, place: int, bare: bool
) -> None:
    ours, source = twin("wire.framing")
    message = ours.Message(ours.RESULT, 1, 0, 7, b"payload", {"ABCD": b"chunk"})
    data = bytearray(b"" if bare else ours.encode(message) * 3)
    data[place : place + len(noise)] = noise
    pieces = [bytes(data[:place]), bytes(data[place:])]
    assert outcome(drain, ours.Decoder(1000), pieces) == outcome(
        drain, source.Decoder(1000), pieces
    )


@compiled
@given(
    st.binary(max_size=99), st.integers(0, 45), st.binary(max_size=3), st.integers(0, 99)
)
def test_the_short_ways_of_plain_messages_agree(
    sources: types.ModuleType, payload: bytes, place: int, noise: bytes, limit: int
) -> None:
    ours, source = twin("wire.plain")
    for kind in (4, 5):
        data = ours.plain(kind, 1, 0xABCD, payload)
        assert data == source.plain(kind, 1, 0xABCD, payload)
        for piece in (
            data,
            data[:place] + noise + data[place + len(noise) :],
            data[:place],
        ):
            assert ours.call_number(piece, limit) == source.call_number(piece, limit)
            found = ours.result_payload(piece, 1, 0xABCD, limit)
            assert found == source.result_payload(piece, 1, 0xABCD, limit)


@compiled
@pytest.mark.parametrize("path", TWINS, ids=lambda path: path.stem)
def test_twins_have_the_names_of_the_source(sources: types.ModuleType, path: Path) -> None:
    ours, source = twin(".".join(path.relative_to(SRC).with_suffix("").parts))
    assert ours.__all__ == source.__all__
    for name, cls in vars(source).items():
        if name in ours.__all__ and isinstance(cls, type):
            public = {member for member in dir(cls) if not member.startswith("_")}
            assert public <= set(dir(getattr(ours, name))), name


NAMES = st.sampled_from(["add", "hidden", "", "_add"])
ODD_VALUES = st.sampled_from([None, 5, [], (), {}, "add", ("add",), {"a": 1}, [1], (1, 2)])


class Shouted(str):
    """A string, but of another class."""


def called(module: Any, items: Any, limit: int) -> Any:
    """Return what a batch of *items* gives, whose calls fail past so many."""

    def give(*args: Any, **kwargs: Any) -> Any:
        if len(made) >= limit:
            raise StopIteration(args)
        made.append((args, kwargs))
        return args[0] if args else kwargs

    made: list[Any] = []
    members = types.SimpleNamespace(methods={"add"}, refusal=NameError)
    calls = module.calls_of(items, members)
    assert len(calls) == len(items)
    target = types.SimpleNamespace(add=give)
    return repr(
        module.run_calls(
            target,
            calls,
            lambda value: ("settled", value),
            lambda function, *rest: (function is give, rest),
        )
    )


@compiled
@given(
    st.lists(
        st.tuples(
            NAMES | NAMES.map(Shouted) | ODD_VALUES,
            st.lists(ODD_VALUES) | st.lists(ODD_VALUES).map(tuple) | ODD_VALUES,
            st.dictionaries(st.text(), ODD_VALUES) | ODD_VALUES,
        )
        | st.tuples(st.just("add"), st.tuples(st.integers()), st.just({})).map(list)
        | ODD_VALUES
    ),
    st.integers(0, 3),
)
def test_batches_agree(sources: types.ModuleType, items: Any, limit: int) -> None:
    ours, source = twin("objects.batch")
    results = [outcome(called, module, items, limit) for module in (ours, source)]
    assert results[0] == results[1]


SERPENT_NOISE = st.binary(max_size=3) | st.sampled_from(
    [bytes([mark]) for mark in b"()[]{},:'\"\\ bej-+.0\n\r\0"]
)
DEEP_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | st.binary()
    | st.just("__class__"),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text() | st.integers() | st.just("__class__"), inner)
        | st.frozensets(st.integers() | st.tuples(st.none() | st.floats()))
        | st.sets(st.text() | st.binary())
    ),
    max_leaves=20,
)


def read_with(module: Any, data: bytes, depth: int, count: int) -> Any:
    """Return what a reader makes of *data*, in a spelling that shows every difference."""

    def finish(form: dict[Any, Any]) -> Any:
        return form if form["__class__"] == "left" else ("made", form)

    reader = module.Reader(data, depth, count, finish)
    value = reader.read()
    return repr(value), reader.has_forms


def assert_readers_agree(data: bytes, depth: int, count: int) -> None:
    ours, source = twin("serializers.tokens")
    ends = [outcome(read_with, module, data, depth, count) for module in (ours, source)]
    if ends[0] != ends[1]:  # of two faults either may be found first
        texts = [text for _, text in ends]
        assert all(isinstance(text, str) for text in texts), ends
        assert any(f"more than {count} values" in text for text in texts), ends
    for flat, nothing in (("flat_value", "NO_VALUE"), ("flat_call", "flat_call")):
        read = getattr(ours, flat)(data)
        expected = getattr(source, flat)(data)
        if expected is not getattr(source, nothing) and expected is not None:
            assert repr(read) == repr(expected)


@compiled
@given(DEEP_VALUES, SERPENT_NOISE, st.floats(0, 1), st.integers(0, 9), st.integers(1, 60))
def test_readers_agree(
    sources: types.ModuleType,
    value: Any,
    noise: bytes,
    place: float,
    depth: int,
    count: int,
) -> None:
    for text in (
        repr(value),
        repr(value).replace(", ", ","),
        f"('o','m',({value!r},),{{}})",
    ):
        data = text.encode("utf-8", "surrogatepass")
        assert_readers_agree(data, 99, 10_000)
        assert_readers_agree(data, depth, count)
        at = int(place * len(data))
        assert_readers_agree(data[:at] + noise + data[at:], 99, 10_000)
        assert_readers_agree(data[:at] + noise + data[at + 1 :], depth, count)
        assert_readers_agree(data[:at], 99, 10_000)


@compiled
@given(
    st.lists(
        st.sampled_from(
            ["\\", "x", "4", "1", "F", "g", "n", "t", "r", "'", '"', "0", "u", "é"]
        )
    ).map("".join),
    st.binary(),
)
def test_readers_agree_about_escapes(
    sources: types.ModuleType, noise: str, data: bytes
) -> None:
    for text in (f"b'{noise}'", f'[b"{noise}"]', repr(data)[:-1] + noise + "'"):
        assert_readers_agree(text.encode(), 9, 99)


@compiled
def test_readers_agree_wherever_a_text_ends(sources: types.ModuleType) -> None:
    data = (
        r"""('obj','m',[1,-2.5e+30,(1-2j),'a"\'\x41\ud800\U0001f600',"it's",b'\xff'],"""
        r"""{'k': {},'é€😀':({1,2},None,True,False,()),"""
        r"""'f':{'__class__':'float','value':'nan'},'l':{'__class__':'left'}})"""
    ).encode()
    for end in range(len(data) + 1):
        assert_readers_agree(data[:end], 9, 99)
        assert_readers_agree(data[:end] + b"\xff", 9, 99)
        assert_readers_agree(data[:end] + b"\0" + data[end:], 3, 99)
        assert_readers_agree(data[:end] + data[end + 1 :], 9, 25)


@compiled
@given(
    st.lists(
        st.integers(-300, 300).map(lambda number: number * sys.hash_info.modulus)
        | st.integers()
        | st.floats(allow_nan=False)
        | st.tuples(st.integers(-2, 1).map(lambda number: number * 2**61))
        | st.booleans()
        | st.just([]),
        min_size=100,
        max_size=400,
    ),
    st.integers(0, 200),
)
def test_crowds_are_seen_alike(
    sources: types.ModuleType, keys: list[Any], count: int
) -> None:
    ours, source = twin("serializers.crowds")
    keys = [*keys, *(sys.hash_info.modulus * (number + 1) for number in range(count))]
    check = [outcome(module.check_keys, keys) for module in (ours, source)]
    assert check[0] == check[1]
    mapping = {key: None for key in keys if type(key) is not list}
    look = [outcome(module.Crowd().look, mapping) for module in (ours, source)]
    assert look[0] == look[1]


def write_with(module: Any, value: Any, depth: int, count: int, *flags: bool) -> Any:
    """Return what a writer makes of *value*; objects are replaced by their type's name."""

    def replace(value: Any, writer: Any) -> Any:
        return {"__class__": type(value).__name__, "of": [*map(str, value)]}

    rules = module.Rules(replace, depth, count, *flags)
    return (
        module.Writer(rules).write(value, depth),
        module.Writer(rules, []).write_call("o'", "m", (value,), {"k": value}, depth + 1),
    )


@compiled
@given(DEEP_VALUES, st.booleans(), st.booleans(), st.integers(0, 9), st.integers(1, 60))
def test_writers_agree(
    sources: types.ModuleType,
    value: Any,
    literal: bool,
    values: bool,
    depth: int,
    count: int,
) -> None:
    ours, source = twin("serializers.scribe")
    for limits in ((99, 10_000), (depth, count)):
        assert outcome(write_with, ours, value, *limits, literal, values) == outcome(
            write_with, source, value, *limits, literal, values
        )


def decimal_floats(draw: Any) -> float:
    """Return a float near those whose shortest text is hard to find."""
    digits = draw(st.integers(0, 10**18))
    number = float(f"{digits}e{draw(st.integers(-26, 6))}")
    for _ in range(draw(st.integers(0, 2))):
        number = math.nextafter(number, draw(st.sampled_from([0, math.inf])))
    return number * draw(st.sampled_from([1, -1]))


@compiled
@settings(max_examples=500)
@given(
    st.floats(allow_nan=False, allow_infinity=False)
    | st.composite(decimal_floats)()
    | st.integers(-60, 60).map(lambda power: 2.0**power)
)
def test_floats_are_written_and_read_as_python_does(
    sources: types.ModuleType, number: float
) -> None:
    ours, _ = twin("serializers.scribe")
    tokens, _ = twin("serializers.tokens")
    rules = ours.Rules(None, 1, 1)
    written = ours.Writer(rules).write(number, 1).decode()
    assert written == tokens.HEADER + repr(number)
    assert repr(tokens.flat_value(written.encode())) == repr(number)
    for text in (f"{number:.18f}", f"{number:.20e}", f"{number:.17g}", f"{number:.15g}"):
        read = tokens.Reader(text.encode(), 1, 1).read()
        assert repr(read) == repr(ast.literal_eval(text))


def landed(decoder: Any, pieces: list[bytes], places: list[bool]) -> list[Any]:
    """Return the messages in *pieces*, of which some are put where buffers go."""
    decoder.beside = True
    found: list[Any] = []
    for piece, place in zip(pieces, [*places, *pieces], strict=False):
        space = decoder.space()
        if place and space is not None:
            space[: len(piece)], rest = piece[: len(space)], piece[len(space) :]
            decoder.filled(len(piece) - len(rest))
            piece = rest
        decoder.feed(piece)
        while (message := decoder.next()) is not None:
            parts = [getattr(message, name) for name in type(message).__slots__]
            kinds = [type(buffer) for buffer in message.buffers]
            found.append([*parts, kinds])
    return [*found, decoder.pending, decoder.landing is None]


@compiled
@given(
    st.binary(max_size=9),
    st.integers(0, 300),
    st.lists(st.integers(0, 330), max_size=9).map(sorted),
    st.lists(st.booleans(), max_size=9),
)
def test_decoders_agree_about_buffers(
    sources: types.ModuleType,
    noise: bytes,
    place: int,
    cuts: list[int],
    places: list[bool],
) -> None:
    ours, source = twin("wire.framing")
    message = ours.Message(ours.RESULT, 1, 0, 7, b"payload", {"ABCD": b"chunk"})
    message.lay([memoryview(b"fixed" * 9), memoryview(bytearray(b"other" * 9))])
    data = bytearray(bytes(ours.encode_beside(message)) * 2)
    data[place : place + len(noise)] = noise
    ends = [*cuts, len(data)]
    pieces = [bytes(data[start:end]) for start, end in zip([0, *cuts], ends, strict=True)]
    assert outcome(landed, ours.Decoder(1000), pieces, places) == outcome(
        landed, source.Decoder(1000), pieces, places
    )


@compiled
def test_many_floats_and_strings_are_those_of_python(sources: types.ModuleType) -> None:
    """The rare ones among them are one in thousands, which Hypothesis hardly meets."""
    ours, _ = twin("serializers.scribe")
    tokens, _ = twin("serializers.tokens")
    chance = random.Random(3000)
    floats = [chance.gauss(20, 5) * 10 ** chance.randrange(-6, 14) for _ in range(20_000)]
    data = ours.Writer(ours.Rules(None, 1, 30_000)).write(floats, 1)
    assert data.decode() == f"{tokens.HEADER}[{','.join(map(repr, floats))}]"
    texts = [str(chance.randrange(10**16, 10**18)) for _ in range(40_000)]
    texts = [
        f"{text[: -(1 + n % 17)]}.{text[-(1 + n % 17) :]}" for n, text in enumerate(texts)
    ]
    texts = [text for text in texts if text[0] != "."]
    read = tokens.Reader(f"[{','.join(texts)}]".encode(), 1, 99_999).read()
    assert read == list(map(float, texts))
    strings = ["".join(chance.choices("abcé", k=3)) for _ in range(5000)]
    assert tokens.Reader(repr(strings).encode(), 1, 9999).read() == strings


def test_programs_that_tests_start_run_the_same_build() -> None:
    code = "from pyrophone.cli.main import build_name; print(build_name())"
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == build_name()


def test_the_command_says_which_build_runs() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "pyrophone", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == f"pyrophone {pyrophone.__version__} ({build_name()})\n"


@pytest.mark.slow
def test_what_may_be_asked_of_the_build() -> None:
    command = [sys.executable, "setup.py", "--name"]
    environ = {**os.environ, "PYROPHONE_BUILD": "perhaps"}
    ran = subprocess.run(
        command, cwd=SRC.parent.parent, env=environ, capture_output=True, text=True
    )
    assert ran.returncode == 1
    assert ran.stderr.strip().endswith(
        "PYROPHONE_BUILD='perhaps' is none of auto, pure, require"
    )


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="CC chooses no compiler there")
@pytest.mark.parametrize(("build", "status"), [("auto", 0), ("require", 1)])
def test_without_a_compiler_it_is_pure_unless_that_is_refused(
    tmp_path: Path, build: str, status: int
) -> None:
    ran = subprocess.run(
        [
            *(sys.executable, "setup.py", "--quiet", "build_ext"),
            *(f"--build-temp={tmp_path}", f"--build-lib={tmp_path}"),
        ],
        cwd=SRC.parent.parent,
        env={**os.environ, "PYROPHONE_BUILD": build, "CC": "false"},
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, [*tmp_path.rglob("*.so")]) == (status, []), ran.stderr
    assert "'false'" in ran.stderr  # the compiler is what failed
