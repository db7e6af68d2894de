"""Chromium without a window, driven by its DevTools protocol through a pair of pipes."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

__all__ = ["Browser", "find_browser"]

_NAMES = ("chromium", "google-chrome")
_LIMIT = 30.0  # seconds; a browser starts slowly on a busy machine

# Puts the two pipes where Chromium expects them, then becomes Chromium.
_LAUNCH = """
import fcntl, os, sys
pipes = [fcntl.fcntl(int(fd), fcntl.F_DUPFD, 100) for fd in sys.argv[1:3]]
os.dup2(pipes[0], 3)
os.dup2(pipes[1], 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def find_browser() -> str:
    """Return the path of Chromium; skip the test if there is none."""
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    pytest.skip("there is no Chromium; 'make browser' installs it, as root on Debian")


class Browser:
    """A browser with one page.

    Args:
        folder: Where it keeps its profile.

    Attributes:
        problems: What it has complained about: errors of scripts, refused resources.
    """

    def __init__(self, folder: Path) -> None:
        theirs, self._orders = os.pipe()
        self._answers, other = os.pipe()
        self.problems: list[str] = []
        self._count = 0
        self._data = b""
        self._session: str | None = None
        self._loaded = False
        command = [sys.executable, "-c", _LAUNCH, str(theirs), str(other), find_browser()]
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        options += ["--disable-dev-shm-usage", "--remote-debugging-pipe"]
        options += [f"--user-data-dir={folder}", "--window-size=1200,900"]
        self._process = subprocess.Popen(
            [*command, *options],
            pass_fds=(theirs, other),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(theirs)
        os.close(other)
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self._call(f"{domain}.enable")

    def open(self, address: str) -> None:
        """Load a page, and wait until it is there."""
        self._loaded = False
        self._call("Page.navigate", url=address)
        while not self._loaded:
            self._take(self._next(time.monotonic() + _LIMIT))

    def value(self, script: str) -> Any:
        """Return what *script* gives in the page."""
        answer = self._call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait(self, script: str) -> Any:
        """Return what *script* gives once that is true."""
        return self.value(
            "new Promise((resolve, reject) => { let left = 500; const look = () => {"
            f"const found = {script}; if (found) resolve(found);"
            "else if (left--) setTimeout(look, 20); else reject('never'); }; look(); })"
        )

    def click(self, selector: str) -> None:
        """Click at the middle of an element."""
        x, y = self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView(); const r = e.getBoundingClientRect();"
            "return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self._call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key and release it."""
        how = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self._call("Input.dispatchKeyEvent", type="keyDown", text=text, **how)
        self._call("Input.dispatchKeyEvent", type="keyUp", **how)

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self._call("Input.insertText", text=text)

    def screenshot(self, path: Path) -> None:
        """Save what is to be seen as a PNG."""
        data = self._call("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        path.write_bytes(base64.b64decode(data))

    def close(self) -> None:
        """End the browser."""
        try:
            self._session = None
            self._call("Browser.close")
        finally:
            os.close(self._orders)
            os.close(self._answers)
            try:
                self._process.wait(_LIMIT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        self._count += 1
        order: dict[str, Any] = {"id": self._count, "method": method, "params": params}
        if self._session is not None:
            order["sessionId"] = self._session
        os.write(self._orders, json.dumps(order).encode() + b"\0")
        deadline = time.monotonic() + _LIMIT
        while True:
            message = self._next(deadline)
            if message.get("id") == self._count:
                assert "error" not in message, message["error"]
                result: dict[str, Any] = message["result"]
                return result
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        """Note what the browser tells unasked."""
        kind, params = message.get("method"), message.get("params", {})
        if kind == "Page.loadEventFired":
            self._loaded = True
        elif kind == "Runtime.exceptionThrown":
            self.problems.append(str(params["exceptionDetails"]))
        elif kind == "Log.entryAdded" and params["entry"]["source"] == "security":
            self.problems.append(params["entry"]["text"])

    def _next(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._data:
            left = deadline - time.monotonic()
            ready = left > 0 and select.select([self._answers], [], [], left)[0]
            assert ready, "the browser does not answer"
            data = os.read(self._answers, 1 << 16)
            assert data, "the browser has ended"
            self._data += data
        line, _, self._data = self._data.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message
