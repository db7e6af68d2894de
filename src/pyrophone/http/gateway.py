"""The gateway: a WSGI application that offers named objects."""

from __future__ import annotations

import json
import re
import sys
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from ..context import correlate
from ..errors import NamingError, NotExposedError, UnknownNameError
from ..objects.proxy import remote_of
from ..serializers.classes import ClassTable
from ..serializers.exceptions import TRACEBACK
from ..serializers.faults import safe_error_form
from ..serializers.json import JsonSerializer
from ..settings import Settings
from ..sync import find_dialects, locate_names
from ..uri import URI
from ..wire.dialects import PYRO5, Dialect
from . import requests
from .answers import HTML, JSON, Answer, Environ, RequestError, StartResponse, send
from .page import render
from .targets import Callee, Target

__all__ = ["Gateway"]

_PREFIX = "/pyro/"
_METHODS = ("GET", "POST", "OPTIONS")
_META = "$meta"
_LIMIT = 1 << 20  # bytes of a request's body
_SETTINGS = Settings(timeout=60.0)

_FOUND = "302 Found"
_OK = "200 OK"
_NO_TYPE = "415 Unsupported Media Type"
_NOT_FOUND = ("404 Not Found", "Error 404: Not Found")
_NO_METHOD = ("405 Method Not Allowed", "Error 405: Method Not Allowed")
_NO_NAMES = b"Cannot connect to the name server. Is it running? Refresh to try again."
_FAILED = "500 Internal Server Error"
_WRONG_KEY = "403 Forbidden - incorrect gateway api key"
_DENIED = "403 Forbidden - access to the requested object has been denied"


class Gateway:
    """A WSGI application: named objects as JSON over HTTP, and a page to try them.

    Below ``/pyro/`` there is the page; ``/pyro/NAME/METHOD`` calls a method, or gives
    an attribute; ``/pyro/NAME/$meta`` tells their names. Parameters are those of the
    query, of a form, or the members of a JSON object. It keeps nothing between
    requests, so any number of threads may use it.

    Args:
        expose: Only objects whose names this pattern matches from their start can be
            called; the empty one matches all.
        key: What requests must have in their header ``X-Pyro-Gateway-Key``, or as
            parameter ``$key``; None lets everybody call.
        cors: Origin whose pages may read the answers, ``*`` for all; None for none.
        max_body: Bytes that a request's body may have.
        settings: Where the name server is, and time limits: of each look-up and call.
        dialect: What the name server and the objects' daemons speak, by name or as it is.

    Raises:
        ValueError: The pattern is no regular expression.
        DaemonError: There is no dialect of that name.
    """

    def __init__(
        self,
        *,
        expose: str = r"http\.",
        key: str | bytes | None = None,
        cors: str | None = None,
        max_body: int = _LIMIT,
        settings: Settings = _SETTINGS,
        dialect: Dialect | str = PYRO5,
    ) -> None:
        try:
            self._pattern = re.compile(expose)
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"{expose!r} is no regular expression: {error}") from None
        self._key = key.encode() if isinstance(key, str) else key or b""
        self._cors = cors
        self._max_body = max_body
        self._settings = settings
        (self._dialect,) = find_dialects([dialect])

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as WSGI has it."""
        method = str(environ.get("REQUEST_METHOD", "GET"))
        try:
            answer = self._route(environ, method, requests.path_of(environ))
        except RequestError as error:
            answer = error.answer
        common = () if answer.status == _FOUND else self.common_headers()
        body = method != "HEAD" or not self.allows(method, reading=True)
        return send(answer, common, start_response, body=body)

    # What a subclass may do in its own way.

    def find(self, name: str) -> URI:
        """Return where the object *name* is; the URI may be one to look up."""
        return URI("PYRONAME", name)

    def open(self, name: str) -> Callee:
        """Return the object *name*, to be used for one request."""
        return Target(self.find(name), self._settings, self._dialect)

    def names(self) -> tuple[str, Iterable[str]]:
        """Return where the name server is, and the names that may be called.

        Raises:
            PyrophoneError: It can't be asked.
        """
        with locate_names(settings=self._settings, dialect=self._dialect) as server:
            where = str(remote_of(server).uri.location)
            try:
                return where, server.list(regex=self._pattern.pattern)
            except NamingError:  # it takes no pattern like that
                return where, filter(self._pattern.match, server.list())

    def allows(self, method: str, *, reading: bool) -> bool:
        """Tell whether there can be a request of that HTTP method.

        Args:
            method: ``GET`` and so on.
            reading: Whether it would call nothing.
        """
        return method in _METHODS or (method == "HEAD" and reading)

    def status_of(self, error: Exception) -> str:
        """Return the status for an *error* of this side."""
        if isinstance(error, (UnknownNameError, NotExposedError)):
            return _NOT_FOUND[0]
        if isinstance(error, (ValueError, TypeError)):
            return "400 Bad Request"
        return _FAILED

    def form_of(self, environ: Environ) -> dict[str, Any]:
        """Return the parameters in the body of a request.

        Raises:
            RequestError: It has none that can be read.
        """
        form = requests.read_body(environ, self._max_body)
        if form is None:
            raise RequestError(_NO_TYPE, f"{_NO_TYPE} - send a form or JSON")
        return form

    def common_headers(self) -> tuple[tuple[str, str], ...]:
        """Return the headers of all answers but redirections."""
        headers = [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store")]
        if self._cors is not None:
            ours = "X-Pyro-Gateway-Key, X-Pyro-Options, X-Pyro-Correlation-Id"
            headers += [
                ("Access-Control-Allow-Origin", self._cors),
                ("Access-Control-Allow-Methods", ", ".join(_METHODS)),
                ("Access-Control-Allow-Headers", f"Content-Type, {ours}"),
                ("Access-Control-Expose-Headers", "X-Pyro-Correlation-Id"),
            ]
        return tuple(headers)

    # Routes.

    def _route(self, environ: Environ, method: str, path: str) -> Answer:
        if path in ("", "/"):
            target = f"{environ.get('SCRIPT_NAME', '')}{_PREFIX}"
            return Answer(_FOUND, None, headers=(("Location", target),))
        if not path.startswith(_PREFIX):
            raise RequestError(*_NOT_FOUND)
        rest = path.removeprefix(_PREFIX)
        reading = not rest or rest.endswith(f"/{_META}")
        if not self.allows(method, reading=reading):
            allowed = [each for each in _METHODS if self.allows(each, reading=reading)]
            raise RequestError(*_NO_METHOD, headers=(("Allow", ", ".join(allowed)),))
        if method == "OPTIONS":
            return Answer(_OK, body=_OK.encode())
        parameters = requests.read_query(environ)
        if method == "POST":
            parameters.update(self.form_of(environ))
        return self.process(environ, rest, parameters)

    def process(self, environ: Environ, path: str, parameters: Mapping[str, Any]) -> Answer:
        """Answer a request for what is below ``/pyro/``.

        Args:
            environ: Of the request; its headers count.
            path: What stands behind ``/pyro/``; nothing is the page.
            parameters: Those of the request, the key too.

        Raises:
            RequestError: It can't be carried out.
        """
        given = parameters.get(requests.KEY)
        keyed = not self._key or requests.has_key(environ, given, self._key)
        if not path:
            return self._page(environ, keyed)
        name, _, member = path.rpartition("/")
        if not name or not member:
            raise RequestError(*_NOT_FOUND)
        if not keyed:
            raise RequestError("403 Forbidden", _WRONG_KEY)
        if not self._pattern.match(name):
            raise RequestError("403 Forbidden", _DENIED)
        arguments = {k: v for k, v in parameters.items() if k != requests.KEY}
        return self._answer(environ, name, member, arguments)

    def _answer(
        self, environ: Environ, name: str, member: str, parameters: dict[str, Any]
    ) -> Answer:
        identifier = uuid.uuid4()
        try:
            identifier = requests.correlation_of(environ)
            oneway = requests.one_way_wanted(environ)
            with correlate(identifier), self.open(name) as target:
                if member == _META:
                    status, data = _OK, _members(target)
                else:
                    outcome = target.call(member, parameters, oneway=oneway)
                    status, data = _FAILED if outcome.failed else _OK, outcome.data
        except Exception as error:  # whatever it is, the client is told
            what = f"{name}/{member} with params {parameters!r:.1000}"
            _log(environ, f"ERROR handling {what}", error)
            status, data = self.status_of(error), _error(error)
        headers = (("X-Pyro-Correlation-Id", str(identifier)),)
        return Answer(status, JSON, data, headers)

    def _page(self, environ: Environ, keyed: bool) -> Answer:
        where, names = "", list[str]()
        if keyed:
            try:
                where, found = self.names()
                names = sorted(found)
            except Exception as error:  # whatever it is, the page tells
                _log(environ, "ERROR asking the name server", error)
                return Answer(_FAILED, body=_NO_NAMES)
        page = render(
            names if keyed else None,
            where=where,
            expose=self._pattern.pattern,
            needs_key=bool(self._key),
        )
        return Answer(_OK, HTML, page)


def _members(target: Callee) -> bytes:
    metadata = target.metadata
    members = {
        "methods": sorted(metadata.methods),
        "attributes": sorted(metadata.attributes),
    }
    return json.dumps(members).encode()


def _error(error: Exception) -> bytes:
    """Return the JSON of an error of this side, like one that a daemon sends."""
    classes = ClassTable()
    serializer = JsonSerializer(classes)
    traceback = getattr(error, TRACEBACK, None)
    form = safe_error_form(serializer, classes, error, traceback)
    if traceback is None:  # where it happened here is nothing for strangers
        del form["attributes"][TRACEBACK]
    form.pop("pyrophone", None)
    return serializer.dumps(form)


def _log(environ: Environ, what: str, error: Exception) -> None:
    text = f"{what}: {type(error).__name__}: {error}"
    line = text.encode("unicode_escape").decode()  # names and errors are from strangers
    stream = environ.get("wsgi.errors") or sys.stderr
    stream.write(f"{line}\n")
