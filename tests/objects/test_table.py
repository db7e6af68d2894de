from __future__ import annotations

import gc
from typing import Any

import pytest

from pyrophone.context import Client
from pyrophone.errors import DaemonError, NoSuchObjectError
from pyrophone.objects.exposure import Members, expose, instances
from pyrophone.objects.table import DAEMON_ID, ObjectTable
from pyrophone.uri import URI


@expose
class Lamp:
    def __init__(self) -> None:
        self.on = False

    def switch(self) -> None: ...


class Plain:
    """Nothing of it is marked."""

    def shine(self) -> None: ...


@expose
class Empty:
    """Its instances are false."""

    def __len__(self) -> int:
        return 0


def table_with(*targets: Any) -> ObjectTable:
    table = ObjectTable()
    for number, target in enumerate(targets):
        table.register(target, f"object{number}")
    return table


def counting(cls: type, mode: str) -> tuple[Any, list[Any]]:
    """Return a class with that instance mode, and what its creator has made so far."""
    made: list[Any] = []

    def create(cls: Any) -> Any:
        made.append(cls())
        return made[-1]

    return instances(mode, create)(type("Counting", (cls,), {})), made


# Registering.


def test_a_registered_object_is_found_by_its_id() -> None:
    table, lamp = ObjectTable(), Lamp()
    assert table.register(lamp, "lamp") == "lamp"
    entry = table.find("lamp")
    assert (entry.object_id, entry.target, entry.is_class) == ("lamp", lamp, False)
    assert entry.members.methods == {"switch"}
    assert (table.ids, table.id_of(lamp)) == (["lamp"], "lamp")
    assert vars(lamp) == {"on": False}


@pytest.mark.parametrize("object_id", [None, "", 0])
def test_an_id_is_made_up_if_none_is_given(object_id: Any) -> None:
    table = ObjectTable()
    made_up = [table.register(Lamp(), object_id), table.register(Lamp(), object_id)]
    assert made_up[0] != made_up[1]
    for name in made_up:
        assert name.startswith("obj_")
        assert len(name) == 36
        assert int(name[4:], 16) >= 0


@pytest.mark.parametrize("object_id", ["a b", "a@b", "@", "tab\t", "line\n"])
def test_an_id_must_fit_into_a_uri(object_id: str) -> None:
    with pytest.raises(ValueError, match=r"can't stand in a URI: it has a blank or an @$"):
        ObjectTable().register(Lamp(), object_id)


def test_an_id_that_is_taken_can_be_addressed() -> None:
    object_id = ObjectTable().register(Lamp(), "lamp:1/é€,x")
    assert URI.parse(f"PYRO:{object_id}@h:1").object == object_id


def test_an_id_is_a_text() -> None:
    with pytest.raises(TypeError, match=r"^an object id is a text, not int$"):
        ObjectTable().register(Lamp(), 5)  # type: ignore[arg-type]


def test_an_object_has_one_id_and_an_id_one_object() -> None:
    table, lamp = ObjectTable(), Lamp()
    table.register(lamp, "lamp")
    with pytest.raises(
        DaemonError, match=r"^object or class already has a Pyro id: 'lamp'$"
    ):
        table.register(lamp, "other")
    with pytest.raises(DaemonError, match=r"is already registered with that id: 'lamp'$"):
        table.register(Lamp(), "lamp")
    assert (table.ids, table.find("lamp").target) == (["lamp"], lamp)


def test_force_allows_several_ids_and_replaces() -> None:
    table, lamp, other = ObjectTable(), Lamp(), Lamp()
    table.register(lamp, "one")
    table.register(lamp, "two", force=True)
    assert (table.ids, table.id_of(lamp)) == (["one", "two"], "two")
    table.register(other, "two", force=True)
    assert (table.id_of(lamp), table.id_of(other)) == ("one", "two")
    table.register(lamp, "one", force=True)
    assert table.unregister(lamp) == ["one"]


def test_equal_objects_are_told_apart() -> None:
    table = ObjectTable()
    one, two = [1], [1]
    table.register(one, "one")
    table.register(two, "two")
    assert (table.id_of(one), table.id_of(two), table.id_of([1])) == ("one", "two", None)


def test_nothing_cannot_be_registered() -> None:
    with pytest.raises(TypeError, match=r"^None can't be registered$"):
        ObjectTable().register(None)


def test_objects_without_attributes_can_be_registered() -> None:
    table = ObjectTable()
    table.register("text", "text")
    assert table.find("text").target == "text"


# Unregistering.


def test_an_object_is_unregistered_by_itself_or_by_its_id() -> None:
    table, lamp = ObjectTable(), Lamp()
    table.register(lamp, "one")
    assert table.unregister("one") == ["one"]
    table.register(lamp, "two")
    table.register(lamp, "three", force=True)
    assert table.unregister(lamp) == ["two", "three"]
    assert (table.ids, table.id_of(lamp)) == ([], None)


def test_unregistering_what_is_not_there() -> None:
    table = ObjectTable()
    assert table.unregister("unknown") == []
    with pytest.raises(DaemonError, match=r"^Lamp object is not registered here$"):
        table.unregister(Lamp())


def test_the_control_object_stays() -> None:
    control = Lamp()
    table = ObjectTable()
    table.register(control, DAEMON_ID)
    assert table.unregister(DAEMON_ID) == []
    assert table.unregister(control) == []
    assert table.ids == [DAEMON_ID] == ["Pyro.Daemon"]
    table.register(control, "also", force=True)
    assert table.unregister(control) == ["also"]


# Finding.


def test_an_unknown_object_is_named_with_similar_ones() -> None:
    table = table_with(Lamp(), Lamp())
    table.register(Lamp(), "lamp")
    with pytest.raises(
        NoSuchObjectError, match=r"^unknown object 'lmap', did you mean 'lamp'\?$"
    ):
        table.find("lmap")
    with pytest.raises(NoSuchObjectError) as caught:
        table.find("object7")
    assert str(caught.value) == (
        "unknown object 'object7', did you mean 'object1' or 'object0'?"
    )


@pytest.mark.parametrize(
    ("object_id", "text"),
    [("", "''"), ("q" * 200, repr("q" * 100)), (5, "'int'"), (None, "'NoneTy")],
)
def test_anything_else_is_an_unknown_object(object_id: Any, text: str) -> None:
    with pytest.raises(NoSuchObjectError, match=rf"^unknown object {text}"):
        table_with(Lamp()).find(object_id)


# Weak registration.


def test_a_weak_object_goes_when_it_dies() -> None:
    table, lamp = ObjectTable(), Lamp()
    table.register(lamp, "lamp", weak=True)
    table.register(lamp, "also", weak=True, force=True)
    entry = table.find("lamp")
    assert entry.target is table.instance(entry, Client()) is lamp
    del lamp
    gc.collect()
    assert table.ids == []
    assert entry.target is None
    with pytest.raises(NoSuchObjectError, match=r"^unknown object 'lamp': it is gone$"):
        table.instance(entry, Client())
    with pytest.raises(NoSuchObjectError, match=r"^unknown object 'lamp'$"):
        table.find("lamp")


def test_a_weak_object_that_was_unregistered_takes_nothing_along() -> None:
    table, lamp, heir = ObjectTable(), Lamp(), Lamp()
    table.register(lamp, "lamp", weak=True)
    table.unregister(lamp)
    table.register(heir, "lamp")
    del lamp
    gc.collect()
    assert (table.find("lamp").target, table.id_of(heir)) == (heir, "lamp")


def test_a_strong_object_is_kept() -> None:
    table = table_with(Lamp())
    gc.collect()
    assert isinstance(table.find("object0").target, Lamp)


def test_classes_and_what_has_no_weak_references_cannot_be_weak() -> None:
    table = ObjectTable()
    with pytest.raises(
        TypeError, match=r"^class Lamp can't be registered weakly, only objects"
    ):
        table.register(Lamp, weak=True)
    with pytest.raises(TypeError, match="cannot create weak reference to 'int' object"):
        table.register(5, "five", weak=True)
    assert (table.ids, table.id_of(5)) == ([], None)


# Instances.


def test_a_registered_object_serves_everybody() -> None:
    lamp = Lamp()
    table = table_with(lamp)
    entry = table.find("object0")
    assert table.instance(entry, Client()) is table.instance(entry, Client()) is lamp


@pytest.mark.parametrize("cls", [Lamp, Empty])
def test_a_session_instance_is_made_once_for_each_client(cls: type) -> None:
    counted, made = counting(cls, "session")
    table, one, two = table_with(counted), Client(), Client()
    entry = table.find("object0")
    assert entry.is_class
    given = [table.instance(entry, client) for client in (one, one, two, one)]
    assert len(made) == 2
    assert [made.index(each) for each in given] == [0, 0, 1, 0]
    assert one.instances == {counted: made[0]}


@pytest.mark.parametrize("cls", [Lamp, Empty])
def test_a_single_instance_is_made_once_for_each_table(cls: type) -> None:
    counted, made = counting(cls, "single")
    table, other = table_with(counted), table_with(counted)
    given = [
        each.instance(each.find("object0"), Client()) for each in (table, table, other)
    ]
    assert len(made) == 2
    assert [made.index(each) for each in given] == [0, 0, 1]


def test_without_a_mark_the_class_itself_makes_its_instances() -> None:
    table = table_with(Lamp)
    assert type(table.instance(table.find("object0"), Client())) is Lamp


def test_a_percall_instance_is_made_for_each_call() -> None:
    percall: Any = instances("percall")(type("Percall", (Lamp,), {}))
    table, client = table_with(percall), Client()
    entry = table.find("object0")
    assert table.instance(entry, client) is not table.instance(entry, client)
    assert client.instances == {}


@pytest.mark.parametrize("mode", ["session", "single", "percall"])
def test_a_creator_makes_the_instance(mode: str) -> None:
    made: list[Any] = []

    def create(cls: type[Lamp]) -> Lamp:
        made.append(type("Special", (cls,), {})())
        return made[-1]

    lamps: Any = instances(mode, create)(type("Lamps", (Lamp,), {}))
    table = table_with(lamps)
    assert made == []
    assert table.instance(table.find("object0"), Client()) is made[0]
    assert type(made[0]).__bases__ == (lamps,)


@pytest.mark.parametrize("mode", ["session", "single", "percall"])
def test_a_creator_must_give_an_instance_of_the_class(mode: str) -> None:
    wrong: Any = instances(mode, lambda cls: "text")(type("Wrong", (Lamp,), {}))
    table = table_with(wrong)
    for _ in range(2):  # nothing wrong is kept
        with pytest.raises(TypeError) as caught:
            table.instance(table.find("object0"), Client())
        assert str(caught.value) == (
            "instance creator of Wrong gave str, no instance of Wrong"
        )


@pytest.mark.parametrize("mode", ["session", "single", "percall"])
def test_an_error_of_the_creator_is_the_calls_and_may_pass(mode: str) -> None:
    errors = [ZeroDivisionError("first time")]

    def create(cls: type[Lamp]) -> Lamp:
        if errors:
            raise errors.pop()
        return cls()

    shy: Any = instances(mode, create)(type("Shy", (Lamp,), {}))
    table, client = table_with(shy), Client()
    entry = table.find("object0")
    with pytest.raises(ZeroDivisionError, match=r"^first time$"):
        table.instance(entry, client)
    assert isinstance(table.instance(entry, client), shy)


def test_of_two_session_instances_made_at_once_the_first_counts() -> None:
    # The creator is called again while it runs, as by another thread of the client.
    inner: list[Any] = []

    def create(cls: type[Lamp]) -> Lamp:
        if not inner:
            inner.append(None)
            inner[0] = table.instance(entry, client)
        return cls()

    busy: Any = instances("session", create)(type("Busy", (Lamp,), {}))
    table, client = table_with(busy), Client()
    entry = table.find("object0")
    assert table.instance(entry, client) is inner[0]


class Guard:
    """Notes when it is held."""

    depth = times = 0

    def __enter__(self) -> None:
        self.depth += 1
        self.times += 1

    def __exit__(self, *error: object) -> None:
        self.depth -= 1


def test_the_guard_is_held_while_a_single_instance_is_made_and_the_table_changes() -> None:
    guard = Guard()

    def create(cls: type[Lamp]) -> Lamp:
        assert guard.depth == 1
        return cls()

    guards = [Guard(), guard]  # the table's is made first
    table = ObjectTable(guards.pop)
    table.register(instances("single", create)(type("Single", (Lamp,), {})), "single")
    table.register(Lamp, "session")
    assert guard.times == 2
    own = guards[0]
    table.instance(table.find("session"), Client())
    assert (guard.times, own.times) == (2, 1)
    table.instance(table.find("single"), Client())
    table.instance(table.find("single"), Client())
    assert guard.times == 3
    table.unregister("session")
    assert (guard.times, guard.depth) == (4, 0)


def test_who_waited_for_the_guard_gets_the_instance_made_meanwhile() -> None:
    made: list[Any] = []

    class Busy(Guard):
        """While one waits for it, another call makes the instance."""

        def __enter__(self) -> None:
            super().__enter__()
            if self.times == 2:
                made.append(table.instance(entry, Client()))

    guard = Busy()
    table = ObjectTable(lambda: guard)
    table.register(instances("single")(type("Single", (Lamp,), {})), "single")
    entry = table.find("single")
    assert table.instance(entry, Client()) is made[0]


# Ids and members.


def test_an_instance_of_a_registered_class_counts_as_the_class() -> None:
    class Derived(Lamp): ...

    table = table_with(Lamp)
    assert table.id_of(Lamp()) == table.id_of(Lamp) == "object0"
    assert table.id_of(Derived()) is None
    lamp = Lamp()
    table.register(lamp, "lamp")
    assert table.id_of(lamp) == "lamp"


def test_members_are_looked_for_once() -> None:
    table = table_with(Lamp(), Lamp())
    assert (
        table.find("object0").members
        is table.find("object1").members
        is table.members(Lamp)
    )


@pytest.mark.parametrize("by", ["object", "class", "id", "id of the class"])
def test_refreshing_finds_members_that_were_added(by: str) -> None:
    cls = expose(type("Growing", (), {"old": lambda self: None}))
    grown, other = cls(), Lamp()
    table = table_with(grown, cls, other)
    cls.new = expose(lambda self: None)  # type: ignore[attr-defined]
    before = table.members(Lamp)
    assert table.find("object0").members.methods == {"old"}
    table.refresh({"object": grown, "class": cls, "id": "object0"}.get(by, "object1"))
    assert table.find("object0").members.methods == {"old", "new"}
    assert table.find("object1").members.methods == {"old", "new"}
    assert table.find("object2").members is before


def test_refreshing_an_unknown_id_is_no_error() -> None:
    table_with(Lamp()).refresh("unknown")


def test_ids_that_were_made_up_are_not_suggested() -> None:
    table = ObjectTable()
    made_up = table.register(Lamp())
    with pytest.raises(NoSuchObjectError) as caught:
        table.find(made_up[:-1])
    assert "did you mean" not in str(caught.value)


def test_an_id_has_at_most_a_thousand_characters() -> None:
    table = ObjectTable()
    assert table.register(Lamp(), "x" * 1000) == "x" * 1000
    with pytest.raises(ValueError, match="object id of 1001 characters, limit is 1000"):
        table.register(Lamp(), "x" * 1001)


def test_what_may_be_used_can_be_ruled_otherwise_and_change() -> None:
    everything = True

    def rule(member: Any) -> bool:
        return everything and callable(member)

    table = ObjectTable(
        members_of=lambda cls: Members(cls, rule) if cls is Plain else Members(cls)
    )
    table.register(Plain(), "plain")
    table.register(Lamp(), "lamp")
    assert "shine" in table.find("plain").members.methods
    everything = False
    assert "shine" in table.find("plain").members.methods
    table.refresh_all()
    assert table.find("plain").members.methods == frozenset()
    assert table.find("lamp").members.methods == {"switch"}


@pytest.mark.parametrize("mode", ["session", "single", "percall"])
def test_an_instance_is_at_hand_if_nothing_has_to_be_made(mode: str) -> None:
    @instances(mode)
    class Made:
        pass

    table, client = ObjectTable(), Client()
    entry = table.find(table.register(Made))
    assert not table.at_hand(entry, client)
    table.instance(entry, client)
    assert table.at_hand(entry, client) is (mode != "percall")
    assert table.at_hand(table.find(table.register(Client())), client)
