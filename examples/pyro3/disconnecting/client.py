"""Borrows a book, and gives it back."""

import Pyro.core
from Pyro.errors import NamingError, ProtocolError

library = Pyro.core.getProxyForURI("PYRONAME://library")
book = library.lend("of a whale")
print(book.read())
library.takeBack(book)
try:
    book.read()
except ProtocolError as error:
    print("read after that:", error)
try:
    library.takeBack(book)
except KeyError:
    print("given back twice")
try:
    Pyro.core.getProxyForURI("PYRONAME://rules")
except NamingError as error:
    print("rules:", error.args[0])
library.close()
