"""``pyrophone events``: serve events, publish them, watch them."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..settings import Settings
from ..sync import connect
from .common import (
    Commands,
    add_listening,
    add_name_server,
    add_other_places,
    add_parser,
    describe,
    listening,
    printable,
    read_value,
    settings,
    until_told_to_end,
)
from .security import add_tls, calling, serving

if TYPE_CHECKING:
    from ..events import Event, EventService, Subscription

__all__ = ["add_command"]

_NAME = "Pyrophone.Events"
_RULES = ("oldest", "newest", "latest", "end")


def add_command(commands: Commands) -> None:
    """Add ``events`` and what belongs to it."""
    description = "Serve events, publish them, watch them."
    parser = commands.add_parser("events", help=description, description=description)
    inner = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_serve(inner)
    for command in (_add_publish(inner), _add_watch(inner), _add_topics(inner)):
        command.add_argument(
            "--service",
            metavar="URI",
            help="where the event service is, a URI or a name; by default Pyrophone.Events",
        )
        add_name_server(command)
        add_tls(command)


def _add_serve(commands: Commands) -> None:
    parser = add_parser(
        commands,
        "serve",
        serve,
        "Run an event service until Ctrl-C.",
        epilog="Prints its name and URI when it is ready. It is registered in the name "
        "server of PYROPHONE_NAME_HOST and PYROPHONE_NAME_PORT, or one that answers a "
        "broadcast, as soon as there is one.",
    )
    add_listening(parser)
    add_other_places(parser)
    parser.add_argument("--name", default=_NAME, help="by which it is found")
    parser.add_argument("--no-name", action="store_true", help="register no name")
    add_tls(parser, serves=True)


def _add_publish(commands: Commands) -> argparse.ArgumentParser:
    parser = add_parser(
        commands,
        "publish",
        publish,
        "Publish one event.",
        epilog="VALUE is a Python literal: 3, 2.5, None, '3', [1, 2]; any other word is a "
        "text. Without one, each line of the standard input is the value of an event. "
        "Write -- before a VALUE that begins with a minus and is no plain number.",
    )
    parser.add_argument("topic", metavar="TOPIC")
    parser.add_argument("value", metavar="VALUE", nargs="?")
    parser.add_argument(
        "--keep", action="store_true", help="also for who subscribes later: its last one"
    )
    return parser


def _add_watch(commands: Commands) -> argparse.ArgumentParser:
    parser = add_parser(
        commands,
        "watch",
        watch,
        "Print the events of topics, one per line, until Ctrl-C.",
        epilog="A PATTERN is a topic; or a beginning with a dot behind it, lab. for all "
        "below lab; or has * for any text in a part and ** for any parts. The columns are "
        "time, topic and value. What was missed is told on standard error.",
    )
    parser.add_argument("patterns", metavar="PATTERN", nargs="*", default=["**"])
    parser.add_argument("--json", action="store_true", help="print objects of JSON")
    parser.add_argument(
        "--count", type=_count, metavar="NUMBER", help="end after so many events"
    )
    parser.add_argument(
        "--full",
        choices=_RULES,
        default="oldest",
        help="which events are dropped if too many wait, default: oldest",
    )
    return parser


def _add_topics(commands: Commands) -> argparse.ArgumentParser:
    parser = add_parser(
        commands, "topics", topics, "List topics, of which something was published."
    )
    parser.add_argument("pattern", metavar="PATTERN", nargs="?", default="**")
    return parser


def serve(args: argparse.Namespace) -> int:
    """Run an event service; print its name and URI when it is ready."""
    with until_told_to_end(), _service(args) as service:
        print(f"{args.name}\t{service.uri}", flush=True)
        service.serve()
    return 0


def publish(args: argparse.Namespace) -> int:
    """Publish one event, or one for each line of the standard input."""
    events = _events()
    target, own = _where(args)
    with events.Publisher(target, settings=own, keep=args.keep) as publisher:
        if args.value is not None:
            publisher.publish(args.topic, read_value("VALUE", args.value))
            return 0
        for line in sys.stdin:
            publisher.publish(args.topic, read_value("a line", line.rstrip("\n")))
    return 0


def watch(args: argparse.Namespace) -> int:
    """Print events until Ctrl-C, or as many as asked for."""
    events = _events()
    target, own = _where(args)
    subscription = events.subscribe(
        *args.patterns, service=target, full=args.full, settings=own
    )
    with until_told_to_end(), subscription:
        subscription.start()
        _print_events(subscription, args)
    return 0


def topics(args: argparse.Namespace) -> int:
    """Print the topics that match, one per line."""
    target, own = _where(args)
    with connect(target or _NAME, settings=own) as service:
        for topic in service.topics(args.pattern):
            print(printable(topic))
    return 0


def _print_events(subscription: Subscription, args: argparse.Namespace) -> None:
    left = args.count
    for event in subscription:
        print(_as_json(event) if args.json else _as_row(event), flush=True)
        if left is not None:
            left -= 1
            if not left:
                return


def _as_row(event: Event) -> str:
    try:
        moment = datetime.fromtimestamp(event.time).astimezone()
        when = moment.isoformat(sep=" ", timespec="milliseconds")
    except (OverflowError, ValueError, OSError):  # whatever its publisher has said
        when = str(event.time)
    return f"{when}\t{printable(event.topic)}\t{printable(_shown(event))}"


def _shown(event: Event) -> str:
    try:
        return repr(event.value)
    except Exception as error:  # it can't be read, or its class can't show it
        return f"<{describe(error)}>"


def _as_json(event: Event) -> str:
    facts: dict[str, Any] = {
        "topic": event.topic,
        "number": event.number,
        "publisher": event.publisher,
        "time": event.time,
        "kept": event.kept,
        "missed": event.missed,
    }
    try:
        return json.dumps({**facts, "value": event.value}, allow_nan=False)
    except Exception:  # JSON knows no such value
        return json.dumps({**facts, "text": _shown(event)})


def _events() -> Any:
    # Imported when it is needed: it takes longer than the other commands do altogether.
    return importlib.import_module("..events", __package__)


def _service(args: argparse.Namespace) -> EventService:
    tls = serving(args)
    own = settings(calling(args))
    with listening(args.unix_socket or f"{args.host}:{args.port}"):
        service: EventService = _events().EventService(
            args.host,
            args.port,
            unix_socket=args.unix_socket,
            public=args.public,
            name=None if args.no_name else args.name,
            tls=tls,
            settings=own,
        )
    return service


def _where(args: argparse.Namespace) -> tuple[str | None, Settings]:
    """Return where the event service is, None to look for its name, and how to call."""
    own = settings(calling(args))
    if args.host is not None:
        own = dataclasses.replace(own, name_host=args.host)
    if args.port is not None:
        own = dataclasses.replace(own, name_port=args.port)
    return args.service, own


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number
