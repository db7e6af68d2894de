"""The printers of an office, for example.py."""

import Pyro5.api


class Printer:
    def __init__(self, location):
        self.location = location

    @Pyro5.api.expose
    def print_page(self, text):
        return f"{text!r} printed {self.location}"


class PhotoPrinter(Printer):
    @Pyro5.api.expose
    def print_photo(self, name):
        return f"photo {name!r} printed {self.location}"
