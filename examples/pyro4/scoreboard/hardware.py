"""The parts of a scoreboard that are not software, and what stands for them on a desk."""

import threading


class SimulatedHardware:
    """A display that is a terminal; its button is pressed by a call.

    On the real board these three methods drive the screen and the pins.
    """

    def __init__(self, name):
        self._name = name
        self._pressed = None
        self._display = threading.Lock()

    def show(self, text):
        with self._display:
            print(f"[{self._name}] {text}")

    def when_pressed(self, function):
        self._pressed = function

    def press(self):
        """Do what a finger would: the pins report it in a thread of their own."""
        thread = threading.Thread(target=self._pressed)
        thread.start()
        thread.join()
