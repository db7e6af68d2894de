"""Gives the rows of a view to all servers there are. It knows nothing of screens."""

from concurrent.futures import ThreadPoolExecutor

import Pyro5.api


class Farm:
    """All servers with the tag; use it in a with statement."""

    def __init__(self):
        with Pyro5.api.locate_ns() as names:
            found = names.yplookup(meta_any={"example.mandelbrot"})
        self._servers = [Pyro5.api.Proxy(uri) for uri, tags in found.values()]
        if not self._servers:
            raise SystemExit("start some servers first")
        self._pool = ThreadPoolExecutor(len(self._servers))

    def __len__(self):
        return len(self._servers)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._pool.shutdown()
        for server in self._servers:
            server._pyroClaimOwnership()  # it belongs to the thread that used it last
            server._pyroRelease()

    def rows(self, view):
        """Yield (number, counts) of all rows of *view*, a server's share at a time."""
        shares = [range(start, view.height, len(self)) for start in range(len(self))]
        answers = self._pool.map(self._compute, self._servers, [view] * len(self), shares)
        for share, rows in zip(shares, answers, strict=True):
            yield from zip(share, rows, strict=True)

    def _compute(self, server, view, share):
        batch = Pyro5.api.BatchProxy(server)
        for number in share:
            batch.row(*view.row_arguments(number))
        return list(batch())
