"""The set of Mandelbrot, row by row; nothing remote in here."""

CHARACTERS = " .,:;-+=*#%@"


def row(x, y, step, width, limit):
    """Return how long each of *width* points stays bounded, at most *limit* rounds."""
    counts = []
    for column in range(width):
        point = complex(x + column * step, y)
        z = 0j
        count = 0
        while count < limit and z.real * z.real + z.imag * z.imag <= 4:
            z = z * z + point
            count += 1
        counts.append(count)
    return counts


class View:
    """A part of the plane, as rows of points.

    Args:
        zoom: 1 shows the whole set, 2 half of it in each direction.
        aspect: How much higher than wide a point is.
    """

    def __init__(self, width, height, zoom=1.0, aspect=1.0, limit=50):
        self.width, self.height, self.limit = width, height, limit
        self.step = 3.0 / zoom / width
        self._aspect = aspect
        centre_x, centre_y = (-0.6, 0.0) if zoom == 1 else (-0.743643, 0.131825)
        self._x = centre_x - self.step * width / 2
        self._y = centre_y - self.step * aspect * (height - 1) / 2

    def row_arguments(self, number):
        """Return what to call ``row`` with."""
        y = self._y + number * self.step * self._aspect
        return self._x, y, self.step, self.width, self.limit

    def text(self, counts):
        """Return a row as characters."""
        last = len(CHARACTERS) - 1
        return "".join(CHARACTERS[count * last // self.limit] for count in counts)


def zooming(frames, width, height):
    """Return the views of a flight into the set."""
    return [
        View(width, height, zoom=1.15**frame, aspect=2.0, limit=40 + 2 * frame)
        for frame in range(frames)
    ]
