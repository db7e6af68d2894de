"""What is exposed, and the functions that decide it."""

import threading

import pytest

from Pyro4 import util
from Pyro4.core import (
    Daemon,
    Proxy,
    behavior,
    callback,
    expose,
    oneway,
    pyroObjectToAutoProxy,
)
from Pyro4.util import is_private_attribute

PRIVATE = [
    "init",
    "init_subclass",
    "class",
    "module",
    "weakref",
    "call",
    "new",
    "del",
    "repr",
    "str",
    "format",
    "nonzero",
    "bool",
    "coerce",
    "cmp",
    "eq",
    "ne",
    "hash",
    "ge",
    "gt",
    "le",
    "lt",
    "dir",
    "enter",
    "exit",
    "copy",
    "deepcopy",
    "sizeof",
    "getattr",
    "setattr",
    "hasattr",
    "getattribute",
    "delattr",
    "instancecheck",
    "subclasscheck",
    "getinitargs",
    "getnewargs",
    "getstate",
    "setstate",
    "reduce",
    "reduce_ex",
    "subclasshook",
]


@pytest.mark.parametrize(
    "name",
    [f"__{name}__" for name in PRIVATE] + ["_", "_x", "__x", "__", "____", "___", "__x_"],
)
def test_private(name):
    assert is_private_attribute(name)


@pytest.mark.parametrize(
    "name", ["x", "x_", "x__", "__len__", "__iter__", "__x__", "__dunder__"]
)
def test_not_private(name):
    assert not is_private_attribute(name)


@expose
class Whole:
    attribute = "hidden"

    def __init__(self):
        self.own = 1
        self._hidden = 5

    def method(self):
        return 1

    @staticmethod
    def static():
        return 2

    @classmethod
    def clazz(cls):
        return 3

    def __dunder__(self):
        return 4

    def __len__(self):
        return 5

    def __private(self):
        pass

    def _private(self):
        pass

    @oneway
    def one(self):
        pass

    @property
    def prop(self):
        return self._hidden

    @prop.setter
    def prop(self, value):
        self._hidden = value

    @property
    def fixed(self):
        return 7

    written = None

    def _write(self, value):
        self.written = value

    writeonly = property(None, _write)

    class Nested:
        def inner(self):
            pass


class Partly:
    @expose
    def shown(self):
        return 1

    def hidden(self):
        return 2

    @staticmethod
    @expose
    def static():
        return 3

    @classmethod
    @expose
    def clazz(cls):
        return 4

    @oneway
    @expose
    def one(self):
        pass

    @oneway
    def only_oneway(self):
        pass

    @expose
    def __len__(self):
        return 3

    def __dunder__(self):
        pass

    @property
    @expose
    def prop(self):
        return 1

    @prop.setter
    def prop(self, value):
        pass

    @property
    def hidden_prop(self):
        return 1

    @expose
    def oneway(self, arg):
        return arg

    @expose
    def classmethod(self, arg):
        return arg


class Child(Whole):
    def method(self):
        return "overridden"

    def added(self):
        pass


WHOLE = {"method", "static", "clazz", "__dunder__", "__len__", "one"}


def test_a_whole_class():
    for target in (Whole, Whole()):
        members = util.get_exposed_members(target)
        assert members["methods"] == WHOLE
        assert members["oneway"] == {"one"}
        assert members["attrs"] == {"prop", "fixed", "writeonly"}


def test_a_class_in_parts():
    for target in (Partly, Partly()):
        members = util.get_exposed_members(target)
        assert members == {
            "methods": {
                "shown",
                "static",
                "clazz",
                "one",
                "__len__",
                "oneway",
                "classmethod",
            },
            "oneway": {"one"},
            "attrs": {"prop"},
        }


def test_members_without_marks():
    members = util.get_exposed_members(Partly, only_exposed=False)
    assert {"shown", "hidden", "only_oneway", "__dunder__"} <= members["methods"]
    assert members["attrs"] == {"prop", "hidden_prop"}
    assert members["oneway"] == {"one", "only_oneway"}
    assert "__init__" not in members["methods"]


def test_inherited_members():
    members = util.get_exposed_members(Child)
    assert members["methods"] == WHOLE - {"method"}
    assert members["attrs"] == {"prop", "fixed", "writeonly"}


def test_members_are_remembered():
    class Late:
        @expose
        def first(self):
            pass

    assert util.get_exposed_members(Late)["methods"] == {"first"}

    @expose
    def second(self):
        pass

    Late.second = second
    assert util.get_exposed_members(Late)["methods"] == {"first"}
    util.reset_exposed_members(Late)
    assert util.get_exposed_members(Late)["methods"] == {"first", "second"}


@pytest.mark.parametrize("by_id", [True, False])
def test_resetting_through_the_daemon(by_id, daemon):
    class Late:
        @expose
        def first(self):
            return 1

    late = Late()
    uri = daemon.register(late)
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        assert proxy._pyroMethods == {"first"}
    Late.second = expose(second)
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        assert proxy._pyroMethods == {"first"}
    daemon.resetMetadataCache(uri.object if by_id else late)
    with Proxy(uri) as proxy:
        proxy._pyroBind()
        assert proxy._pyroMethods == {"first", "second"}
        assert proxy.second() == 2
    daemon.resetMetadataCache("unknown")


def second(self):
    return 2


@pytest.mark.parametrize(
    "make",
    [
        lambda: expose(_PrivateClass),
        lambda: expose(property(_private_function)),
        lambda: expose(_private_function),
    ],
)
def test_private_names_cannot_be_exposed(make):
    text = r"exposing private names \(start with _\) is not allowed|exposing private names"
    with pytest.raises(AttributeError, match=text):
        make()


def _private_function(self):
    pass


class _PrivateClass:
    pass


@pytest.mark.parametrize("decorator", [staticmethod, classmethod])
@pytest.mark.parametrize("outer", [expose, oneway])
def test_order_of_decorators(decorator, outer):
    def function(x):
        return x

    if outer is expose:
        with pytest.raises(AttributeError, match="must be done after"):
            outer(decorator(function))
    else:
        assert outer(function) is function


@pytest.mark.parametrize("value", [5, "text", None, object()])
def test_what_cannot_be_exposed(value):
    with pytest.raises(AttributeError, match=r"^@expose cannot determine what this is"):
        expose(value)


def test_decorators_return_what_they_get():
    def function(self):
        pass

    class Some:
        pass

    assert expose(function) is function
    assert function._pyroExposed is True
    assert oneway(function) is function
    assert callback(function) is function
    assert expose(Some) is Some
    assert Some._pyroExposed is True


def test_marking_any_stage_of_a_property():
    class Some:
        @property
        def one(self):
            return 1

        @expose
        @one.setter
        def one(self, value):
            pass

    assert util.get_exposed_members(Some)["attrs"] == {"one"}


def test_attributes():
    whole = Whole()
    assert util.getAttribute(whole, "method")() == 1
    assert util.getAttribute(whole, "static")() == 2
    assert util.getAttribute(whole, "__len__")() == 5
    with pytest.raises(AttributeError, match="private attribute"):
        util.getAttribute(whole, "_private")
    with pytest.raises(AttributeError, match="private attribute"):
        util.getAttribute(whole, "__init__")
    with pytest.raises(AttributeError, match="unexposed"):
        util.getAttribute(Partly(), "hidden")
    for name in ("unknown", "attribute", "own", "method.x", "unknown.x"):
        with pytest.raises(AttributeError):
            util.getAttribute(whole, name)


def test_attributes_that_hold_exposed_objects():
    whole = Whole()
    whole.sub = Whole()
    assert util.getAttribute(whole, "sub") is whole.sub
    for name in ("sub.method", "sub.sub", "sub._private"):
        with pytest.raises(AttributeError):
            util.getAttribute(whole, name)
    whole.sub = Partly()
    with pytest.raises(AttributeError):
        util.getAttribute(whole, "sub")


def test_values_of_properties():
    whole = Whole()
    assert util.get_exposed_property_value(whole, "prop") == 5
    util.set_exposed_property_value(whole, "prop", 6)
    assert whole._hidden == 6
    util.set_exposed_property_value(whole, "writeonly", 9)
    assert whole.written == 9
    for name in (
        "attribute",
        "own",
        "_hidden",
        "method",
        "unknown",
        "writeonly",
        "__class__",
    ):
        with pytest.raises(AttributeError):
            util.get_exposed_property_value(whole, name)
    for name in ("attribute", "own", "_hidden", "fixed", "unknown", "method"):
        with pytest.raises(AttributeError):
            util.set_exposed_property_value(whole, name, 1)
    with pytest.raises(AttributeError):
        util.get_exposed_property_value(Partly(), "hidden_prop")
    assert util.get_exposed_property_value(Partly(), "hidden_prop", only_exposed=False) == 1


def test_objects_become_proxies():
    with Daemon() as daemon:
        whole = Whole()
        assert pyroObjectToAutoProxy(whole) is whole
        uri = daemon.register(whole)
        proxy = pyroObjectToAutoProxy(whole)
        assert isinstance(proxy, Proxy)
        assert proxy._pyroUri == uri


@pytest.mark.parametrize("mode", ["single", "session", "percall"])
def test_behavior(mode):
    def creator(cls):
        return cls()

    @behavior(instance_mode=mode, instance_creator=creator)
    class Some:
        pass

    class Below(Some):
        pass

    assert Some._pyroInstancing == (mode, creator)
    assert Below._pyroInstancing == (mode, creator)
    assert behavior(instance_mode=mode)(Whole)._pyroInstancing == (mode, None)
    del Whole._pyroInstancing


def test_wrong_behavior():
    with pytest.raises(SyntaxError, match="is missing argument"):

        @behavior
        class One:
            pass

    with pytest.raises(SyntaxError, match="is missing argument"):
        behavior(42)
    with pytest.raises(ValueError, match="mode"):

        @behavior(instance_mode="kaputt")
        class Two:
            pass

    with pytest.raises(TypeError):

        @behavior(instance_creator=42)
        class Three:
            pass


@pytest.mark.parametrize("mode", ["single", "kaputt"])
def test_behavior_of_a_method(mode):
    with pytest.raises(TypeError):

        class One:
            @behavior(instance_mode=mode)
            def method(self):
                pass


def test_order_of_behavior_and_expose():
    @behavior(instance_mode="percall")
    @expose
    class One:
        def method(self):
            pass

    @expose
    @behavior(instance_mode="percall")
    class Two:
        def method(self):
            pass

    for kind in (One, Two):
        assert kind._pyroInstancing == ("percall", None)
        assert util.get_exposed_members(kind)["methods"] == {"method"}


class Counted:
    """Knows how many of it there were."""

    made: list = []

    def __init__(self):
        type(self).made.append(self)
        self.thread = threading.get_ident()
        self.calls = 0

    @expose
    def call(self):
        self.calls += 1
        return [self.calls, len(type(self).made)]


@pytest.mark.parametrize(
    ("mode", "first", "second"),
    [
        ("session", [[1, 1], [2, 1]], [[1, 2]]),
        ("single", [[1, 1], [2, 1]], [[3, 1]]),
        ("percall", [[1, 1], [1, 2]], [[1, 3]]),
    ],
)
def test_modes(daemon, mode, first, second):
    @behavior(instance_mode=mode)
    class Moded(Counted):
        made: list = []

    uri = daemon.register(Moded)
    assert Moded.made == []
    with Proxy(uri) as one, Proxy(uri) as two:
        assert [one.call(), one.call()] == first
        assert [two.call()] == second
    if mode == "single":
        assert type(daemon._pyroInstances[Moded]) is Moded
    else:
        assert Moded not in daemon._pyroInstances
    daemon.unregister(Moded)


def test_the_mode_of_a_class_without_behavior(daemon):
    class Plain(Counted):
        made: list = []

    uri = daemon.register(Plain)
    assert Plain._pyroInstancing == ("session", None)
    with Proxy(uri) as one:
        assert [one.call(), one.call()] == [[1, 1], [2, 1]]
        one._pyroReconnect(1)
        assert one.call() == [1, 2]


def test_creators(daemon):
    seen = []

    def creator(cls):
        seen.append(cls)
        return cls()

    @behavior(instance_creator=creator)
    class Made(Counted):
        made: list = []

    @behavior(instance_creator=lambda cls: "not one of them")
    class Wrong(Counted):
        made: list = []

    def crash(cls):
        raise ZeroDivisionError("while creating")

    @behavior(instance_creator=crash)
    class Crashing(Counted):
        made: list = []

    with Proxy(daemon.register(Made)) as proxy:
        assert proxy.call() == [1, 1]
    assert seen == [Made]
    with Proxy(daemon.register(Wrong)) as proxy:
        with pytest.raises(TypeError):
            proxy.call()
    with Proxy(daemon.register(Crashing)) as proxy:
        with pytest.raises(ZeroDivisionError):
            proxy.call()


@pytest.mark.fixed("8: an instance that is false is made anew for each call")
@pytest.mark.parametrize("mode", ["single", "session"])
def test_falsy_instances(daemon, mode):
    @behavior(instance_mode=mode)
    class Falsy(Counted):
        made: list = []

        def __bool__(self):
            return False

    with Proxy(daemon.register(Falsy)) as proxy:
        assert [proxy.call(), proxy.call()] == [[1, 1], [2, 1]]


def test_instances_on_a_connection():
    from Pyro4.socketutil import SocketConnection

    class Socket:
        def close(self):
            pass

        def shutdown(self, how):
            pass

    with Daemon() as daemon:
        connection = SocketConnection(Socket(), "x")
        Counted.made.clear()
        Counted._pyroInstancing = ("session", None)
        one = daemon._getInstance(Counted, connection)
        assert daemon._getInstance(Counted, connection) is one
        assert connection.pyroInstances[Counted] is one
        assert Counted not in daemon._pyroInstances
        del Counted._pyroInstancing
