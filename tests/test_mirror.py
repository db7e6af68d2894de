"""Every module has its test file and every test file its module."""

from __future__ import annotations

from pathlib import Path, PurePath

TESTS = Path(__file__).parent
SRC = TESTS.parent / "src" / "pyrophone"

# What spans files. A name that is listed here and not there is an error too.
SPANNING = {
    "test_builds.py",
    "test_conversations.py",
    "test_docs.py",
    "test_examples.py",
    "test_front_ends.py",
    "test_layers.py",
    "test_mirror.py",
    "test_rounds.py",
}
SPANNING_FOLDERS = {"peers", "scenarios"}  # every file in it; may be empty


def expected_tests(modules: set[PurePath]) -> set[PurePath]:
    """Return the test files that *modules* should have; ``__init__.py`` needs none."""
    return {
        module.with_name(f"test_{module.name}")
        for module in modules
        if not module.name.startswith("__")
    }


def mismatches(modules: set[PurePath], tests: set[PurePath]) -> list[str]:
    """Return one line for every module without tests and test file without module."""
    spanning = {PurePath(name) for name in SPANNING}
    mirrored = {test for test in tests if test.parts[0] not in SPANNING_FOLDERS} - spanning
    expected = expected_tests(modules)
    return sorted(
        [f"tests/{test} is missing" for test in expected - mirrored]
        + [f"tests/{test} tests no module" for test in mirrored - expected]
        + [f"tests/{test} is listed as spanning and missing" for test in spanning - tests]
    )


def test_tests_mirror_the_modules() -> None:
    modules = {path.relative_to(SRC) for path in SRC.rglob("*.py")}
    tests = {path.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    assert mismatches(set(modules), set(tests)) == []


def test_the_mirror_is_enforced_both_ways() -> None:
    modules = {PurePath(name) for name in ("__init__.py", "uri.py", "wire/framing.py")}
    listed = {PurePath(name) for name in SPANNING}
    peers = PurePath("peers/test_pyro5.py")
    uri, framing = PurePath("test_uri.py"), PurePath("wire/test_framing.py")
    assert mismatches(modules, {*listed, peers, uri, framing}) == []
    assert mismatches(modules, {*listed, uri}) == ["tests/wire/test_framing.py is missing"]
    assert mismatches(modules, {*listed, uri, framing, PurePath("wire/test_old.py")}) == [
        "tests/wire/test_old.py tests no module"
    ]
    assert mismatches(modules, {uri, framing, *listed} - {PurePath("test_mirror.py")}) == [
        "tests/test_mirror.py is listed as spanning and missing"
    ]
