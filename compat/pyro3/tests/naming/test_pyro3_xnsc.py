"""The graphical control tool, in a window on a screen that nobody sees."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

import Pyro.wxnsc
import Pyro.xnsc
from Pyro import config
from Pyro.naming import NameServerLocator, NameServerStarter
from troupe import screen

Serve = Callable[..., NameServerStarter]
URI = "PYRO://127.0.0.1:4444/lamp"
COMMANDS = (
    "Ping",
    "List",
    "List All",
    "Resolve",
    "Show Meta",
    "Set Meta",
    "ReSync",
    "Shutdown",
    "Register",
    "Remove",
    "Create Group",
    "Delete Group",
)


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen."""
    with screen() as name:
        yield name


class Tool:
    """The window, as somebody uses it."""

    def __init__(self, tk: ModuleType, windows: ModuleType, tree: bool) -> None:
        self._root = tk.Tk()
        self.window: Any = windows.Window(self._root, tree=tree)
        self.until(lambda: self._root.winfo_viewable())

    def until(self, condition: Callable[[], object]) -> None:
        """Let the window live until something is so."""
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end
            self._root.update()

    def enter(self, entry: str, text: str) -> None:
        """Type into an entry."""
        widget = getattr(self.window, entry)
        widget.delete(0, "end")
        widget.insert(0, text)

    def press(self, label: str, arguments: str = "") -> list[str]:
        """Press a button, and return the lines that are said then."""
        self.enter("arguments", arguments)
        self.window.buttons["Clear output"].invoke()
        self.window.buttons[label].invoke()
        self.until(self.said)
        return self.said()

    def contact(self, location: str, identification: str = "") -> list[str]:
        """Contact a name server with the key Return."""
        self.window.buttons["Clear output"].invoke()
        self.enter("location", location)
        if identification:
            self.enter("identification", identification)
        self.window.location.focus_force()
        self.window.location.event_generate("<Return>")
        self.until(lambda: len(self.said()) > 1)
        return self.said()[1:]

    def said(self) -> list[str]:
        """Return what stands in the output."""
        return str(self.window.output.get("1.0", "end")).split("\n")[:-2]

    def enabled(self) -> set[bool]:
        """Return whether command buttons can be pressed: all the same, if all is well."""
        buttons = self.window.buttons
        return {str(buttons[label]["state"]) == "normal" for label in COMMANDS}

    def cut(self) -> list[str]:
        """Return the buttons of which not all can be seen on the screen."""
        right, bottom = self._root.winfo_screenwidth(), self._root.winfo_screenheight()
        return [
            label
            for label, button in self.window.buttons.items()
            if button.winfo_rootx() + button.winfo_width() > right
            or button.winfo_rooty() + button.winfo_height() > bottom
        ]

    def key(self, name: str, key: str) -> None:
        """Pick a name in the tree, and press a key."""
        widget = self.window.tree.widget
        widget.selection_set(name)
        widget.focus(name)
        widget.focus_force()
        self._root.update()
        widget.event_generate(key)


@pytest.fixture
def tools(
    display: str, alone: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Tool]]:
    """Give a function that opens a window until the test is over."""
    tk = pytest.importorskip("tkinter")
    windows = pytest.importorskip("Pyro.windows")
    monkeypatch.setenv("DISPLAY", display)
    made: list[Tool] = []

    def run(*, tree: bool = False) -> Tool:
        made.append(Tool(tk, windows, tree))
        return made[-1]

    gc.disable()  # Tk aborts if another thread collects what is left of a window
    yield run
    while made:
        made.pop().window.quit()
    gc.collect()
    gc.enable()


@pytest.mark.slow
def test_somebody_uses_the_window(tools: Callable[..., Tool], serve_names: Serve) -> None:
    port = serve_names("secret").daemon.port
    tool = tools()
    assert tool.enabled() == {False}
    assert tool.contact(f"localhost:{port}") == [
        "Could not connect to the server: security reasons",
        "Supply correct authentication ID?",
    ]
    assert tool.enabled() == {False}
    lines = tool.contact(f"localhost:{port}", "secret")
    assert lines[0].startswith("NS is at 127.0.0.1 (")
    assert tool.enabled() == {True}
    assert tool.window.location.get() == f"127.0.0.1:{port}"
    assert tool.window.identification.get() == "****"
    assert tool.press("Ping") == ["NS is up and running!"]
    assert tool.press("Create Group", ":lab") == [":lab created."]
    assert tool.press("Register", f":lab.lamp {URI}") == [
        f"registered :lab.lamp  -->  {URI}"
    ]
    assert tool.press("List", ":lab :") == [
        ":lab --> ( lamp )",
        ": --> ( [Default] [Pyro] [lab] )",
    ]
    assert f":lab.lamp  -->  {URI}" in tool.press("List All")
    assert tool.press("Resolve", ":lab.lamp") == [f":lab.lamp  --> {URI}"]
    assert tool.press("Set Meta", ":lab.lamp 'made of wood'") == [
        "Metadata of :lab.lamp set."
    ]
    assert tool.press("Show Meta", ":lab.lamp")[2] == "  user meta info : made of wood"
    assert tool.press("Remove", ":lab.lamp 'x") == [
        ":lab.lamp unregistered.",
        "## Can't unregister:  name not found  ##",
    ]
    assert tool.press("Delete Group", ":lab") == [":lab deleted."]
    assert tool.press("ReSync") == ["resync done"]


@pytest.mark.slow
@pytest.mark.parametrize("tree", [False, True])
def test_a_screen_of_800_pixels_shows_all_buttons(
    tools: Callable[..., Tool], tree: bool
) -> None:
    tool = tools(tree=tree)
    assert tool.cut() == []
    assert tool.window.output.winfo_rooty() + tool.window.output.winfo_height() <= 600


@pytest.mark.slow
def test_a_lost_name_server_disables_the_buttons(
    tools: Callable[..., Tool], serve_names: Serve
) -> None:
    starter = serve_names()
    tool = tools()
    tool.contact(f"localhost:{starter.daemon.port}")
    assert tool.enabled() == {True}
    starter.shutdown()
    assert tool.press("Ping")[0].startswith("There is a problem: ")
    assert tool.enabled() == {False}


@pytest.mark.slow
def test_one_that_was_told_to_end_disables_the_buttons(
    tools: Callable[..., Tool], serve_names: Serve
) -> None:
    tool = tools()
    tool.contact(f"localhost:{serve_names().daemon.port}")
    text = "Result from system command shutdown : Will shut down shortly"
    assert tool.press("Shutdown") == [text]
    assert tool.enabled() == {False}


@pytest.mark.slow
def test_a_name_server_near_is_discovered(
    tools: Callable[..., Tool], serve_names: Serve
) -> None:
    config.PYRO_HOST, config.PYRO_BC_TIMEOUT = "", 10
    port = serve_names(hostname=None).daemon.port
    tool = tools()
    tool.enter("broadcast", "127.0.0.1")
    tool.press("Auto Discover NS")
    tool.until(lambda: tool.enabled() == {True})
    assert tool.window.location.get() == f"127.0.0.1:{port}"


@pytest.mark.slow
def test_places_that_are_none_are_told(tools: Callable[..., Tool]) -> None:
    tool = tools()
    tool.enter("location", "localhost:x")
    tool.window.contact()
    assert tool.said() == ["There is a problem: 'x' is no port"]
    tool.enter("broadcast", "no address")
    assert tool.contact("localhost:1") == [
        "There is a problem: invalid broadcast address 'no address'"
    ]


@pytest.mark.slow
def test_the_tree_shows_names_and_takes_keys(
    tools: Callable[..., Tool], serve_names: Serve
) -> None:
    port = serve_names().daemon.port
    names = NameServerLocator().getNS("localhost", port)
    for group in (":lab", ":lab.empty"):
        names.createGroup(group)
    names.register(":lab.lamp", URI)
    tool = tools(tree=True)
    tool.contact(f"localhost:{port}")
    widget = tool.window.tree.widget
    assert widget.get_children() == (":",)
    assert widget.get_children(":") == (":Default", ":Pyro", ":lab")
    assert widget.get_children(":lab") == (":lab.empty", ":lab.lamp")
    assert widget.item(":lab.lamp")["values"] == [URI]
    assert widget.item(":lab.lamp")["text"] == "lamp"
    tool.window.buttons["Clear output"].invoke()
    tool.key(":lab.lamp", "i")
    tool.until(tool.said)
    assert tool.said()[0] == "META INFO OF :lab.lamp"
    assert tool.window.arguments.get() == ":lab.lamp"
    for protected in (":Default", ":Pyro", ":lab", ":"):
        tool.key(protected, "<Delete>")
    tool.key(":lab.lamp", "<Delete>")
    tool.until(lambda: not widget.exists(":lab.lamp"))
    tool.key(":lab.empty", "<Delete>")
    tool.until(lambda: not widget.exists(":lab.empty"))
    assert names.list(":") == [("Default", 0), ("Pyro", 0), ("lab", 0)]
    names.register("door", URI)
    tool.window.buttons["Update"].invoke()
    tool.until(lambda: widget.exists(":Default.door"))
    names._release()


CLOSED = """
import gc, socket, tkinter, weakref
from Pyro.windows import Window
gc.disable()
server = socket.create_server(("127.0.0.1", 0))
root = tkinter.Tk()
window = Window(root)
window.location.insert(0, f"localhost:{server.getsockname()[1]}")
window.contact()
link, _ = server.accept()
window.quit()
gone = weakref.ref(window)
del window, root
gc.collect()
assert gone() is None, "its thread would free it, at which Tk aborts"
"""


@pytest.mark.slow
def test_a_window_that_is_closed_while_its_thread_works_is_gone(display: str) -> None:
    pytest.importorskip("Pyro.windows")
    env = {**os.environ, "DISPLAY": display}
    assert subprocess.run([sys.executable, "-c", CLOSED], env=env).returncode == 0


@pytest.mark.parametrize("module", [Pyro.xnsc, Pyro.wxnsc])
def test_without_a_display_it_says_what_to_do(
    module: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tkinter")
    monkeypatch.setenv("DISPLAY", "no display")
    assert module.main() == 1
    error = capsys.readouterr().err
    assert error.startswith("pyro-xnsc needs a display: ")
    assert error.endswith("Without a window there is pyro-nsc.\n")


def test_without_tk_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "tkinter", None)
    assert Pyro.xnsc.main() == 1
    assert capsys.readouterr().err.startswith("pyro-xnsc needs Python with Tk: ")
