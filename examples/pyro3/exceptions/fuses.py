"""What server and client both know."""


class FuseError(Exception):
    """A fuse has blown."""

    def __init__(self, room="nowhere", amperes=0):
        Exception.__init__(self, room, amperes)
        self.room = room
        self.amperes = amperes
