"""A process of an example, as someone sits before it: reads, answers, presses Ctrl-C."""

from __future__ import annotations

import codecs
import os
import re
import signal
import subprocess
import threading
import time

LIMIT = 25.0  # seconds; more than any wait here takes, however busy the machine


class Program:
    """A process of an example, and what it printed so far, as a terminal would show it."""

    def __init__(
        self, name: str, process: subprocess.Popen[bytes], any_order: bool
    ) -> None:
        self.name = name
        self.any_order = any_order
        self.process = process
        self.text = ""
        self.finished = False  # whether its end was waited for
        self._seen = 0  # how much of the text was waited for
        self._ended = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, name=name, daemon=True)
        self._reader.start()

    def until(self, pattern: str) -> re.Match[str]:
        """Wait until it prints *pattern*, after what was waited for before."""
        regex = re.compile(pattern, re.MULTILINE)
        end = time.monotonic() + LIMIT
        with self._news:
            while not (match := self._find(regex)):
                rest = end - time.monotonic()
                assert not self._ended, f"{self.name} ended and never printed {pattern!r}"
                assert rest > 0, f"{self.name} does not print {pattern!r}"
                self._news.wait(rest)
            self._seen = match.end()
        return match

    def _find(self, regex: re.Pattern[str]) -> re.Match[str] | None:
        match = regex.search(self.text, self._seen)
        if match and regex.groups and match.end() == len(self.text) and not self._ended:
            return None  # what it took out may go on
        return match

    def answer(self, question: str, text: object) -> None:
        """Wait for the *question*, and type *text* and Enter."""
        self.until(re.escape(question))
        with self._news:
            self.text += f"{text}\n"
            self._seen = len(self.text)
        self.type_ahead(text)

    def type_ahead(self, *lines: object) -> None:
        """Type lines for whatever will be asked; they are not seen in the transcript."""
        assert self.process.stdin is not None
        for line in lines:
            self.process.stdin.write(f"{line}\n".encode())

    def end_input(self) -> None:
        """Press Ctrl-D."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def finish(self, status: int = 0) -> None:
        """Wait for its end."""
        self.finished = True
        self.process.wait(LIMIT)
        self._reader.join(LIMIT)
        got = self.process.returncode
        assert got == status, f"{self.name} ended with status {got}"

    def interrupt(self, status: int = 0) -> None:
        """Press Ctrl-C, and wait for its end.

        Python may be collecting garbage at that moment, and lose it. Then it is pressed
        again, as a person would.
        """
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(LIMIT / 3)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGINT)
        self.finish(status)

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self.process.kill()
        self.finish(-signal.SIGKILL)

    def close(self) -> None:
        """Make sure that nothing of it is left."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(LIMIT)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        descriptor = self.process.stdout.fileno()
        while data := os.read(descriptor, 65536):
            with self._news:
                self.text += decoder.decode(data)
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()
