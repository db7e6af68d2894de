from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from pyrophone.settings import Settings


def test_without_variables_the_settings_are_the_defaults() -> None:
    assert Settings.from_env(
        {"PATH": "/bin", "PYRO_TIMEOUT": "1", "pyrophone_retries": "1"}
    ) == (Settings())


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("PYROPHONE_SERIALIZER", "json", "serializer", "json"),
        ("PYROPHONE_NAME_HOST", "", "name_host", ""),
        *(
            ("PYROPHONE_COMPRESSION", text, "compression", True)
            for text in ("1", "on", "Yes")
        ),
        *(("PYROPHONE_STREAMING", text, "streaming", False) for text in ("0", "Off", "no")),
        ("PYROPHONE_BYTES_REPR", "TRUE", "bytes_repr", True),
        ("PYROPHONE_STREAMING", "false", "streaming", False),
        ("PYROPHONE_NAME_PORT", "9091", "name_port", 9091),
        ("PYROPHONE_PATIENCE", "1.5", "patience", 1.5),
        ("PYROPHONE_TIMEOUT", "2", "timeout", 2.0),
        *(("PYROPHONE_TIMEOUT", text, "timeout", None) for text in ("", "None", "none")),
        ("PYROPHONE_BROADCAST_ADDRESSES", "a, b", "broadcast_addresses", ("a", "b")),
        ("PYROPHONE_BROADCAST_ADDRESSES", "a", "broadcast_addresses", ("a",)),
        ("PYROPHONE_BROADCAST_ADDRESSES", "", "broadcast_addresses", ()),
        ("PYROPHONE_DIALECTS", "pyro4, other", "dialects", ("pyro4", "other")),
    ],
)
def test_a_variable_sets_the_setting_of_its_name(
    variable: str, text: str, name: str, value: Any
) -> None:
    settings = Settings.from_env({variable: text})
    assert settings == dataclasses.replace(Settings(), **{name: value})
    assert type(getattr(settings, name)) is type(value)


def test_every_setting_can_be_a_variable() -> None:
    texts = {
        "str": "json",
        "bool": "yes",
        "int": "7",
        "float": "7",
        "float | None": "7",
        "tuple[str, ...]": "7",
    }
    fields = [field for field in dataclasses.fields(Settings) if field.name != "tls"]
    environ = {
        f"PYROPHONE_{field.name.upper()}": texts[str(field.type)] for field in fields
    }
    settings = Settings.from_env(environ)
    assert set(dataclasses.astuple(settings)) == {"json", True, 7, ("7",), None}
    assert settings.tls is None


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        (
            "PYROPHONE_TIMEOUTS",
            "1",
            "PYROPHONE_TIMEOUTS names no setting, did you mean PYROPHONE_TIMEOUT?",
        ),
        ("PYROPHONE_XYZZY", "1", "PYROPHONE_XYZZY names no setting"),
        ("PYROPHONE_", "1", "PYROPHONE_ names no setting"),
        ("PYROPHONE_TLS", "1", "PYROPHONE_TLS names no setting"),
        (
            "PYROPHONE_COMPRESSION",
            "maybe",
            "PYROPHONE_COMPRESSION='maybe': "
            "must be one of 0, off, no, false, 1, on, yes, true",
        ),
        (
            "PYROPHONE_WORKERS",
            "many",
            "PYROPHONE_WORKERS='many': invalid literal for int() with base 10: 'many'",
        ),
        (
            "PYROPHONE_PATIENCE",
            "none",
            "PYROPHONE_PATIENCE='none': could not convert string to float: 'none'",
        ),
        ("PYROPHONE_WORKERS", "0", "setting workers is 0, must be at least 1"),
    ],
)
def test_an_unusable_variable_is_named(variable: str, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(message)}$"):
        Settings.from_env({variable: text})


@pytest.mark.parametrize(
    "name",
    [
        "max_message_size",
        "max_depth",
        "max_elements",
        "handshake_size",
        "strangers",
        "workers",
    ],
)
def test_what_must_be_positive_is_at_least_one(name: Any) -> None:
    one: dict[str, Any] = {name: 1}
    assert getattr(Settings(**one), name) == 1
    with pytest.raises(ValueError, match=rf"^setting {name} is 0, must be at least 1$"):
        Settings(**one | {name: 0})


def test_settings_cannot_be_changed() -> None:
    settings = Settings()
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.workers = 1  # type: ignore[misc]


@pytest.mark.parametrize("seconds", [-0.1, float("nan")])
@pytest.mark.parametrize("name", ["timeout", "handshake_timeout", "linger"])
def test_times_are_not_negative_and_are_numbers(name: str, seconds: float) -> None:
    values: dict[str, Any] = {name: seconds}
    text = f"setting {name} is {seconds}, must be at least 0"
    with pytest.raises(ValueError, match=text):
        Settings(**values)


def test_variables_of_the_build_are_no_settings() -> None:
    environ = {"PYROPHONE_BUILD": "pure", "PYROPHONE_REQUIRE_COMPILED": "1"}
    assert Settings.from_env(environ) == Settings()
