"""A closed set of items, live, and filled from the environment."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from pyrophone.classic.configuration import (
    LiveConfiguration,
    description,
    set_up_logging,
)

DEFAULTS = MappingProxyType(
    {
        "HOST": "localhost",
        "PORT": 9090,
        "WAIT": 0.5,
        "LOUD": False,
        "ADDRESSES": ("a", "b"),
        "ACCEPTED": frozenset({"x"}),
        "NOTHING": None,
    }
)


class Configuration(LiveConfiguration):
    """One of a few items."""

    __slots__ = tuple(DEFAULTS)

    defaults = DEFAULTS


def loaded(**variables: str) -> Configuration:
    config = Configuration()
    config.load(variables)
    return config


def test_without_variables_all_items_have_their_defaults() -> None:
    assert loaded().values() == {**DEFAULTS, "ADDRESSES": ["a", "b"], "ACCEPTED": {"x"}}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("HOST", "", ""),
        ("PORT", " 1 ", 1),
        ("WAIT", "2", 2.0),
        ("LOUD", "Yes", True),
        ("LOUD", "OFF", False),
        ("ADDRESSES", "c, d,", ["c", "d", ""]),
        ("ACCEPTED", " c, d,", {"c", "d"}),
        ("NOTHING", "1", "1"),
    ],
)
def test_a_variable_is_read_as_the_default_is(name: str, text: str, value: Any) -> None:
    found = getattr(loaded(**{f"PYRO_{name}": text}), name)
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [("PORT", "1.5", "int"), ("WAIT", "", "float"), ("LOUD", "maybe", "bool")],
)
def test_a_text_that_fits_no_type_names_the_variable(
    name: str, text: str, kind: str
) -> None:
    with pytest.raises(
        ValueError, match=f"^PYRO_{name}='{text}' is no value of type {kind}$"
    ):
        loaded(**{f"PYRO_{name}": text})


def test_variables_of_no_item_are_left_alone() -> None:
    assert loaded(PYRO_UNHEARD="1", HOST="elsewhere").values() == loaded().values()


def test_the_set_of_items_is_closed() -> None:
    config = loaded()
    with pytest.raises(AttributeError, match="no configuration item UNHEARD"):
        config.UNHEARD = 1
    with pytest.raises(AttributeError, match="no configuration item UNHEARD"):
        _ = config.UNHEARD
    assert not hasattr(config, "__dict__")


def test_collections_belong_to_one_configuration() -> None:
    one, other = loaded(), loaded()
    one.ACCEPTED.add("y")
    one.ADDRESSES.append("c")
    assert other.values() == loaded().values()
    one.load({})
    assert one.values() == other.values()


def test_a_description_shows_the_values_in_order() -> None:
    text = description("4.82", 48, Path("here"), "Set:", {"B": 1, "A": None})
    lines = text.splitlines()
    assert lines[:2] == ["Pyro version: 4.82", "Loaded from: here"]
    assert lines[2].startswith("Python version: ")
    assert lines[3:] == ["Protocol version: 48", "Set:", "A = None", "B = 1"]


@contextlib.contextmanager
def bare_root() -> Iterator[logging.Logger]:
    """The root logger, without what pytest puts there for each phase of a test."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers
    root.handlers = []
    try:
        yield root
    finally:
        for handler in root.handlers:
            handler.close()
        root.handlers = handlers
        root.setLevel(level)


def test_lines_go_to_the_file(tmp_path: Path) -> None:
    file = tmp_path / "x.log"
    with bare_root() as root:
        set_up_logging("warning", str(file))
        logging.getLogger("tests.x").warning("hi")
        logging.getLogger("tests.x").info("hush")
        assert root.level == logging.WARNING
    (line,) = file.read_text().splitlines()
    assert line.endswith(",tests.x,WARNING] hi")


@pytest.mark.parametrize("file", ["{stderr}", ""])
def test_stderr_is_spelled_so(file: str) -> None:
    with bare_root() as root:
        set_up_logging("INFO", file)
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        assert handler.stream is sys.stderr


def test_what_the_program_has_set_up_stays(tmp_path: Path) -> None:
    own = logging.NullHandler()
    with bare_root() as root:
        root.addHandler(own)
        set_up_logging("INFO", str(tmp_path / "x.log"))
        assert root.handlers == [own]
    assert not (tmp_path / "x.log").exists()


def test_a_level_of_no_name_is_refused() -> None:
    with bare_root() as root:
        with pytest.raises(ValueError, match="PYRO_LOGLEVEL='LOUD' is no level"):
            set_up_logging("LOUD", "")
        assert root.handlers == []
