"""The notice board that both windows show, without a window."""

import Pyro5.api


@Pyro5.api.expose
class Board:
    """Takes messages from afar, and gives them to *show*; *close* ends the program."""

    def __init__(self, show, close):
        self._show = show
        self._close = close
        self._count = 0

    def pin(self, author, text):
        self._count += 1
        self._show(f"{self._count}. {author}: {text}")
        return self._count

    @Pyro5.api.oneway
    def take_down(self):
        self._close()
