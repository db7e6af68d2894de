"""Switches: REQUIRE_EXPOSE, METADATA, keys, pickles; and lost connections."""

import contextlib
import importlib
import linecache
import socket
import threading

import pytest

import Pyro4
from Pyro4 import config, errors, message, util
from Pyro4.core import Daemon, DaemonObject, Proxy, behavior, expose, oneway

pytestmark = pytest.mark.filterwarnings("ignore:.* served whole:UserWarning")


class Unmarked:
    """As programs were before 4.27."""

    attribute = "hidden"

    def __init__(self):
        self.own = 5
        self._value = 1
        self.ran = threading.Event()
        self.function = lambda: "stored"

    def method(self):
        return "method"

    @oneway
    def once(self):
        self.ran.set()
        return "never seen"

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        self._value = value

    @staticmethod
    def static():
        return "static"

    @classmethod
    def clazz(cls):
        return cls.__name__

    def __len__(self):
        return 3

    def _private(self):
        pass

    class Nested:
        def inner(self):
            pass


class Child(Unmarked):
    def added(self):
        return "added"


class Partly:
    @expose
    def shown(self):
        return "shown"

    def hidden(self):
        return "hidden"

    @property
    def hidden_value(self):
        return 1


@pytest.fixture(params=[Unmarked, Child])
def served(request, daemon):
    made = request.param()
    daemon.register(made)
    yield made
    daemon.unregister(made)


@pytest.fixture
def proxy(daemon, served):
    with Proxy(daemon.uriFor(served)) as proxy:
        proxy._pyroTimeout = 10
        yield proxy


ALL = {"method", "once", "static", "clazz", "__len__"}


def test_all_is_exposed(proxy, served):
    config.REQUIRE_EXPOSE = False
    proxy._pyroBind()
    added = {"added"} if type(served) is Child else set()
    assert proxy._pyroMethods == ALL | added
    assert proxy._pyroAttrs == {"value"}
    assert proxy._pyroOneway == {"once"}
    assert proxy.method() == "method"
    assert proxy.static() == "static"
    assert proxy.clazz() == type(served).__name__
    assert proxy.__len__() == 3
    assert proxy.value == 1
    proxy.value = 2
    assert served._value == 2
    assert proxy.once() is None
    assert served.ran.wait(5)


@pytest.mark.parametrize(
    "name", ["attribute", "own", "_private", "_value", "Nested", "function"]
)
def test_some_things_never_are(proxy, name):
    config.REQUIRE_EXPOSE = False
    with pytest.raises(AttributeError):
        getattr(proxy, name)
    with pytest.raises(AttributeError):
        proxy._pyroInvoke("__getattr__", (name,), {})
    with pytest.raises(AttributeError):
        proxy._pyroInvoke("__setattr__", (name, 1), {})


@pytest.mark.parametrize("name", ["_private", "__init__", "__class__", "nonexisting"])
def test_some_methods_never_are(proxy, name):
    config.REQUIRE_EXPOSE = False
    with pytest.raises(AttributeError):
        proxy._pyroInvoke(name, (), {})


@pytest.mark.filterwarnings("ignore:.*xpose")
def test_nothing_is_exposed(proxy):
    config.REQUIRE_EXPOSE = True
    text = "doesn't expose any methods or attributes"
    with pytest.raises(errors.PyroError, match=text):
        proxy._pyroBind()
    with pytest.raises(errors.PyroError, match=text):
        proxy.method()


def test_the_server_is_warned(daemon, served):
    config.REQUIRE_EXPOSE = True
    with pytest.warns(UserWarning, match=r"[Ee]xpose"):
        DaemonObject(daemon).get_metadata(served._pyroId)


def test_it_is_asked_at_each_call(proxy):
    config.REQUIRE_EXPOSE = False
    assert proxy.method() == "method"
    assert proxy.value == 1
    config.REQUIRE_EXPOSE = True
    with pytest.raises(AttributeError):
        proxy.method()
    with pytest.raises(AttributeError):
        proxy.value  # noqa: B018
    config.REQUIRE_EXPOSE = False
    assert proxy.method() == "method"


@pytest.mark.parametrize("switch", [None, True])
def test_marks_rule_where_there_are_some(daemon, switch):
    if switch is not None:
        config.REQUIRE_EXPOSE = switch
    with Proxy(daemon.register(Partly())) as proxy:
        assert proxy.shown() == "shown"
        assert proxy._pyroMethods == {"shown"}
        assert proxy._pyroAttrs == set()
        for name in ("hidden", "hidden_value"):
            with pytest.raises(AttributeError):
                getattr(proxy, name)
        with pytest.raises(AttributeError, match="unexposed"):
            proxy._pyroInvoke("hidden", (), {})


def test_marks_mean_nothing_without_the_switch(daemon):
    config.REQUIRE_EXPOSE = False
    with Proxy(daemon.register(Partly())) as proxy:
        assert proxy.hidden() == "hidden"
        assert proxy.hidden_value == 1


def test_a_class_whose_file_is_none_any_more(daemon, tmp_path, monkeypatch):
    """A warning may tell where it is; what is there now must not matter."""
    file = tmp_path / "facts_changed.py"
    file.write_text("class Changed:\n    def method(self):\n        return 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    changed = importlib.import_module("facts_changed").Changed()
    file.write_text("class Changed(:\n")
    linecache.clearcache()
    assert daemon.register(changed).object == changed._pyroId
    daemon.unregister(changed)


@pytest.mark.parametrize("mode", ["single", "session", "percall"])
def test_modes_of_unmarked_classes(daemon, mode):
    config.REQUIRE_EXPOSE = False

    @behavior(instance_mode=mode)
    class Moded(Unmarked):
        made = []

        def __init__(self):
            super().__init__()
            self.made.append(1)

    with Proxy(daemon.register(Moded)) as proxy:
        assert (proxy.method(), proxy.method()) == ("method", "method")
    assert len(Moded.made) == (2 if mode == "percall" else 1)


@pytest.mark.parametrize("only", [True, False])
def test_members_of_unmarked_classes(only):
    members = util.get_exposed_members(Unmarked(), only_exposed=only)
    if only:
        assert members == {"methods": set(), "oneway": set(), "attrs": set()}
    else:
        assert members == {"methods": ALL, "oneway": {"once"}, "attrs": {"value"}}
    listed = util.get_exposed_members(Unmarked(), only_exposed=only, as_lists=True)
    assert {name: set(found) for name, found in listed.items()} == members
    assert all(type(found) is list for found in listed.values())
    fresh = util.get_exposed_members(Unmarked(), only_exposed=only, use_cache=False)
    assert fresh == members


def test_properties_by_function():
    made = Unmarked()
    assert util.get_exposed_property_value(made, "value", only_exposed=False) == 1
    util.set_exposed_property_value(made, "value", 7, only_exposed=False)
    assert made._value == 7
    with pytest.raises(AttributeError):
        util.get_exposed_property_value(made, "value", only_exposed=True)
    with pytest.raises(AttributeError):
        util.set_exposed_property_value(made, "value", 7, only_exposed=True)


# METADATA.


@expose
class Thing:
    def __init__(self):
        self._value = 5
        self.ran = threading.Event()

    def add(self, x, y=1):
        return x + y

    @oneway
    def once(self):
        self.ran.set()

    @property
    def value(self):
        return self._value

    def fail(self):
        raise ZeroDivisionError("expected")

    def stop(self, code):
        raise SystemExit(code)


@pytest.fixture
def thing(daemon):
    made = Thing()
    daemon.register(made)
    yield made
    daemon.unregister(made)


def test_without_metadata(daemon, thing):
    config.METADATA = False
    with Proxy(daemon.uriFor(thing)) as proxy:
        assert proxy.add(1, y=2) == 3
        assert proxy._pyroMethods == proxy._pyroAttrs == proxy._pyroOneway == set()
        with pytest.raises(AttributeError):
            proxy.nonexisting()
        assert callable(proxy.nonexisting)
        assert callable(proxy.value)
        proxy.anything = 42
        assert proxy.anything == 42
        proxy.once()
        assert thing.ran.wait(5)
        with pytest.raises(ZeroDivisionError):
            proxy.fail()


def test_without_metadata_no_access_connects():
    config.METADATA = False
    proxy = Proxy("PYRO:x@localhost:1")
    assert callable(proxy.method)
    proxy.attribute = 1
    with pytest.raises(errors.CommunicationError):
        proxy.method()


def test_metadata_on_demand(daemon, thing):
    config.METADATA = False
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy.add(1)
        proxy._pyroGetMetadata()
        assert "add" in proxy._pyroMethods
        assert proxy._pyroOneway == {"once"}


def test_each_client_decides_itself(daemon, thing):
    with Proxy(daemon.uriFor(thing)) as with_, Proxy(daemon.uriFor(thing)) as without:
        config.METADATA = False
        without._pyroBind()
        config.METADATA = True
        with_._pyroBind()
        assert with_._pyroMethods
        assert with_.value == 5


# Keys.


@pytest.fixture
def keyed(shared, server_type):
    """A daemon with a key."""

    def make():
        daemon = Daemon()
        daemon._pyroHmacKey = b"secret"
        daemon.register(Thing(), "thing")
        return daemon

    return shared("keyed", server_type, make)


@pytest.mark.parametrize("key", [b"secret", "secret"])
def test_the_right_key(keyed, key):
    with Proxy(keyed.uriFor("thing")) as proxy:
        proxy._pyroHmacKey = key
        assert proxy.add(1, 2) == 3
        assert proxy.value == 5
        with pytest.raises(ZeroDivisionError):
            proxy.fail()
        batch = Pyro4.batch(proxy)
        batch.add(1, 2)
        assert list(batch()) == [3]
        config.COMPRESSION = True
        assert proxy.add("x" * 1000, "y") == "x" * 1000 + "y"


@pytest.mark.parametrize("key", [None, b"other", b""])
def test_wrong_keys(keyed, key):
    with Proxy(keyed.uriFor("thing")) as proxy:
        proxy._pyroHmacKey = key
        with pytest.raises(errors.CommunicationError, match="hmac"):
            proxy.add(1, 2)
        assert proxy._pyroConnection is None


def test_a_key_where_none_is(daemon, thing):
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy._pyroHmacKey = b"secret"
        with pytest.raises((errors.CommunicationError, errors.SecurityError)):
            proxy.add(1, 2)


def test_another_key_later(keyed):
    with Proxy(keyed.uriFor("thing")) as proxy:
        proxy._pyroHmacKey = b"secret"
        assert proxy.add(1, 2) == 3
        proxy._pyroHmacKey = b"other"
        with pytest.raises((errors.CommunicationError, errors.SecurityError)):
            proxy.add(1, 2)
        proxy._pyroHmacKey = b"secret"
        proxy._pyroRelease()
        assert proxy.add(1, 2) == 3


def test_proxies_of_a_daemon_have_no_key(keyed):
    assert keyed.proxyFor("thing")._pyroHmacKey is None


def test_a_copied_proxy_has_the_key(keyed):
    import copy

    with Proxy(keyed.uriFor("thing")) as proxy:
        proxy._pyroHmacKey = b"secret"
        with copy.copy(proxy) as copied:
            assert copied.add(1, 2) == 3


def test_raw_answers_are_signed(keyed):
    with Proxy(keyed.uriFor("thing")) as proxy:
        proxy._pyroHmacKey = b"secret"
        proxy._pyroBind()
        proxy._pyroRawWireResponse = True
        assert len(proxy.add(1, 2).annotations["HMAC"]) == 20


def test_a_name_server_with_a_key(start):
    from Pyro4.naming import locateNS, resolve, startNS

    uri, daemon, broadcaster = startNS("localhost", 0, hmac=b"secret")
    assert broadcaster is None
    assert daemon._pyroHmacKey == b"secret"
    daemon.nameserver.register("thing", "PYRO:thing@localhost:1")
    start(daemon)
    config.NS_PORT = uri.port
    config.BROADCAST_ADDRS = ""
    with locateNS("localhost", hmac_key=b"secret") as ns:
        assert ns._pyroHmacKey == b"secret"
        assert ns.count() == 2
    with pytest.raises(errors.NamingError):
        locateNS("localhost")
    found = resolve("PYRONAME:thing@localhost", hmac_key=b"secret")
    assert str(found) == "PYRO:thing@localhost:1"
    with pytest.raises(errors.NamingError):
        resolve("PYRONAME:thing@localhost")


# Pickles.


@pytest.fixture
def careful(shared, server_type):
    """A daemon with the default serializers."""

    def make():
        daemon = Daemon()
        daemon.register(Thing(), "thing")
        return daemon

    return shared("careful", server_type, make)


@pytest.mark.parametrize("name", ["pickle", "dill", "cloudpickle", "msgpack"])
def test_serializers_that_are_not_accepted(careful, name):
    number = util.get_serializer(name).serializer_id
    text = f"message used serializer that is not accepted: {number}"
    with Proxy(careful.uriFor("thing")) as proxy:
        proxy._pyroSerializer = name
        with pytest.raises(errors.CommunicationError, match=text) as info:
            proxy.add(1, 2)
        assert "rejected" in str(info.value)


@pytest.mark.parametrize("name", ["pickle", "msgpack"])
def test_serializers_that_are_changed_later(careful, name):
    with Proxy(careful.uriFor("thing")) as proxy:
        assert proxy.add(1, 2) == 3
        proxy._pyroSerializer = name
        with pytest.raises(errors.SerializeError, match="serializer that is not accepted"):
            proxy.add(1, 2)
        proxy._pyroSerializer = None
        with contextlib.suppress(errors.ConnectionClosedError):
            proxy.add(1, 2)
        assert proxy.add(1, 2) == 3


def test_what_runs_is_what_was_pickled(careful):
    """Nothing of it runs where pickle isn't accepted."""
    ran = []

    class Evil:
        def __reduce__(self):
            return ran.append, (1,)

    with Proxy(careful.uriFor("thing")) as proxy:
        proxy._pyroBind()
        proxy._pyroSerializer = "cloudpickle"
        with pytest.raises(errors.SerializeError):
            proxy.add(Evil())
    assert ran == []


def test_pickles_keep_types(daemon, thing):
    config.SERIALIZER = "pickle"
    with Proxy(daemon.uriFor(thing)) as proxy:
        assert proxy.add((1, 2), (3,)) == (1, 2, 3)
        assert proxy.add(1j, 1) == 1 + 1j
        assert proxy.add(b"a", b"b") == b"ab"


@pytest.mark.parametrize("name", ["serpent", "json", "marshal", "msgpack", "pickle"])
def test_attributes_with_serializers(daemon, thing, name):
    if name == "marshal":
        pytest.skip("a defect, which has its own test")
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy._pyroSerializer = name
        assert proxy.value == 5
        with pytest.raises(AttributeError):
            proxy.value = 6


@pytest.mark.fixed("8: marshal client: attribute access crashes")
def test_attributes_with_marshal(daemon, thing):
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy._pyroSerializer = "marshal"
        assert proxy.value == 5


class Lists:
    """Keeps objects of a type that serializers must be taught."""

    @expose
    def kind(self, value):
        return type(value).__name__


class Taught:
    pass


def test_taught_classes(daemon):
    util.SerializerBase.register_class_to_dict(
        Taught, lambda value: {"__class__": "Taught"}
    )
    util.SerializerBase.register_dict_to_class("Taught", lambda name, data: Taught())
    try:
        with Proxy(daemon.register(Lists())) as proxy:
            for name in ("serpent", "json", "marshal", "msgpack"):
                proxy._pyroSerializer = name
                assert proxy.kind(Taught()) == "Taught"
    finally:
        util.SerializerBase.unregister_class_to_dict(Taught)
        util.SerializerBase.unregister_dict_to_class("Taught")


def test_untaught_classes(daemon):
    class Untaught:
        __slots__ = ("x",)

        def __init__(self):
            self.x = 1

    Untaught.__module__ = "facts"
    with Proxy(daemon.register(Lists())) as proxy:
        for name in ("serpent", "json", "marshal", "msgpack"):
            proxy._pyroSerializer = name
            with pytest.raises(errors.ProtocolError, match="unsupported serialized class"):
                proxy.kind(Untaught())
            proxy._pyroRelease()


def test_classes_of_scripts(daemon):
    class Script:
        __slots__ = ("x",)

        def __init__(self):
            self.x = 1

    Script.__module__ = "__main__"
    with Proxy(daemon.register(Lists())) as proxy:
        with pytest.raises(errors.SecurityError, match="double underscores"):
            proxy.kind(Script())
        with contextlib.suppress(errors.ConnectionClosedError):
            proxy.kind(1)
        assert proxy.kind(1) == "int"


# Lost connections.


def test_a_method_that_exits(daemon, thing):
    """It costs the connection, or is answered; the server lives on."""
    with Proxy(daemon.uriFor(thing)) as proxy:
        with pytest.raises((errors.PyroError, SystemExit)):
            proxy.stop(3)
        proxy._pyroRelease()
        assert proxy.add(1, 2) == 3


def test_connections_that_are_lost(start, server_type):
    daemon = Daemon()
    uri = daemon.register(Thing(), "thing")
    port = daemon.sock.getsockname()[1]
    start(daemon)
    with Proxy(uri) as proxy:
        assert proxy.add(1, 2) == 3
        proxy._pyroConnection.sock.shutdown(socket.SHUT_RDWR)
        with pytest.raises(errors.ConnectionClosedError):
            proxy.add(1, 2)
        assert proxy._pyroConnection is None
        assert proxy.add(1, 2) == 3
        assert daemon.sock.getsockname()[1] == port


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_retries(daemon, thing, retries):
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy._pyroMaxRetries = retries
        assert proxy.add(1, 2) == 3
        proxy._pyroConnection.sock.shutdown(socket.SHUT_RDWR)
        if retries:
            assert proxy.add(1, 2) == 3
        else:
            with pytest.raises(errors.ConnectionClosedError):
                proxy.add(1, 2)


def test_attributes_are_not_retried(daemon, thing):
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy._pyroMaxRetries = 3
        assert proxy.value == 5
        proxy._pyroConnection.sock.shutdown(socket.SHUT_RDWR)
        with pytest.raises(errors.ConnectionClosedError):
            proxy.value  # noqa: B018


def test_reconnecting(daemon, thing):
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy._pyroBind()
        proxy._pyroConnection.sock.shutdown(socket.SHUT_RDWR)
        proxy._pyroReconnect(tries=1)
        assert proxy.add(1, 2) == 3


def test_the_number_of_a_connection_goes_on(daemon, thing):
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy.add(1)
        proxy.add(1)
        number = proxy._pyroSeq
        proxy._pyroRelease()
        proxy.add(1)
        assert proxy._pyroSeq == number + 1


def test_pings(daemon, thing):
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy._pyroBind()
        message.Message.ping(proxy._pyroConnection)
        message.Message.ping(proxy._pyroConnection, hmac_key=None)
        assert proxy.add(1, 2) == 3


def test_serializers_are_checked_in_answers(daemon, thing, wire):
    with Proxy(daemon.uriFor(thing)) as proxy:
        proxy._pyroBind()
        proxy._pyroRelease()
        payload = util.get_serializer("json").dumps(5)
        connection = wire(message.Message(5, payload, 2, 0, 1).to_bytes())
        proxy._pyroConnection = connection
        with pytest.raises(errors.SerializeError):
            proxy.add(1, 2)
        assert proxy._pyroConnection is None
