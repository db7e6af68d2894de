"""The gateway's page: the objects it offers, and a form to call them.

It is one document without anything foreign, and its own policy lets nothing else run in
it. What belongs to it besides are ``style.css`` and ``script.js``, put in as they are.
"""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from urllib.parse import quote

from .. import __version__

__all__ = ["render"]

_MOST = 500  # names that are shown
_STYLE = files(__package__).joinpath("style.css").read_text("utf-8")
_SCRIPT = files(__package__).joinpath("script.js").read_text("utf-8")

# What can be tried without parameters of one's own, if there is an object of that name.
_EXAMPLES = (
    ("Pyro.NameServer", "list", ""),
    ("Pyro.NameServer", "lookup", "name=Pyro.NameServer"),
    ("test.echoserver", "echo", "message=hello"),
    ("test.echoserver", "error", ""),
)

_PAGE = string.Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="$policy">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Pyro HTTP gateway</title>
<link rel="icon" href="data:,">
<style>$style</style>
</head>
<body>
<header>
<h1>Pyro HTTP gateway</h1>
<p>Call remote objects by HTTP, get JSON. The address of a call is
<code>/pyro/<var>object</var>/<var>method</var></code>, with the parameters as query, form
or JSON object; <code>/pyro/<var>object</var>/$$meta</code> tells the members.</p>
</header>
<noscript><p class="note">Without JavaScript this page can't make calls.</p></noscript>
<main>
<section aria-labelledby="objects-title">
<h2 id="objects-title">Objects</h2>
$key
<div id="objects">
$objects
</div>
</section>
<section aria-labelledby="call-title">
<h2 id="call-title">Call</h2>
<form id="call">
<label for="name">Object</label>
<input id="name" required autocomplete="off" spellcheck="false">
<label for="member">Method or attribute</label>
<input id="member" required autocomplete="off" spellcheck="false">
<label for="params">Parameters, a JSON object</label>
<textarea id="params" rows="3" spellcheck="false" placeholder='{"message": "hello"}'
></textarea>
<label class="check"><input id="oneway" type="checkbox"> one-way: don't wait for the
result</label>
<button type="submit">Call</button>
</form>
<h3 id="request-title">Request</h3>
<pre id="pyro_call" tabindex="0" aria-labelledby="request-title"></pre>
<h3 id="answer-title">Answer</h3>
<pre id="pyro_response" tabindex="0" aria-labelledby="answer-title" aria-live="polite"
></pre>
</section>
</main>
<footer>Pyrophone $version</footer>
<script>$script</script>
</body>
</html>
""")

_KEY = """\
<form id="unlock">
<label for="key">Gateway key</label>
<input id="key" type="password" required autocomplete="off">
<button type="submit">Use it</button>
<p id="key-problem" role="alert"></p>
</form>"""

_LOCKED = '<p class="note" id="locked">Type the key to see the objects.</p>'


def render(
    names: Sequence[str] | None, *, where: str, expose: str, needs_key: bool = False
) -> bytes:
    """Return the page.

    Args:
        names: Of the objects that may be called, in order; None to tell nothing.
        where: Location of the name server.
        expose: The pattern for names.
        needs_key: Whether a key must be typed.
    """
    text = _PAGE.substitute(
        policy=_policy(),
        style=_STYLE,
        script=_SCRIPT,
        key=_KEY if needs_key else "",
        objects=_LOCKED if names is None else _objects(names, where, expose),
        version=escape(__version__),
    )
    return text.encode("utf-8", "replace")


def _objects(names: Sequence[str], where: str, expose: str) -> str:
    pattern = f"<code>{escape(expose)}</code>" if expose else "anything"
    lines = [
        f"<p>Name server at <code>{escape(where)}</code>. "
        f"Exposed are objects whose names match {pattern}.</p>"
    ]
    lines += [
        f'<details class="object" data-name="{escape(name)}"><summary>{escape(name)}'
        "</summary></details>"
        for name in names[:_MOST]
    ]
    if not names:
        lines.append('<p class="note">No name that matches is registered.</p>')
    if len(names) > _MOST:
        lines.append(f'<p class="note">... and {len(names) - _MOST} more.</p>')
    examples = [_example(*example) for example in _EXAMPLES if example[0] in names]
    if examples:
        lines += ["<h3>Examples</h3>", "<ul>", *examples, "</ul>"]
    return "\n".join(lines)


def _example(name: str, member: str, query: str) -> str:
    address = f"{quote(name)}/{member}" + (f"?{query}" if query else "")
    return f'<li><a class="call" href="{escape(address)}">{escape(address)}</a></li>'


def _policy() -> str:
    return (
        f"default-src 'none'; script-src '{_digest(_SCRIPT)}'; "
        f"style-src '{_digest(_STYLE)}'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"sha256-{digest}"
