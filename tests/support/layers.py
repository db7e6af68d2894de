"""The rules of the layer table in ARCHITECTURE.md, as functions on syntax trees.

A rule takes a module and yields a complaint for each place that breaks it. Rules are put to
use, and shown to bite, in ``tests/test_layers.py``.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "RULES",
    "Module",
    "compat_uses_public_names",
    "find",
    "graph",
    "read",
    "read_all",
]

# A part imports from the rows above it and from itself, never from its neighbours; but the
# modules of the first row may know each other. "pyrophone" is the package's __init__.py.
ROWS = [
    {"errors", "uri", "settings", "context", "steps"},
    {"wire", "serializers"},
    {"objects"},
    {"pyrophone"},
    {"finding", "net"},
    {"frontend"},
    {"sync", "aio"},
    {"events"},
    {"naming", "http", "testing"},
    {"classic"},
    {"cli"},
    {"__main__"},
]
ROW = {part: row for row, parts in enumerate(ROWS) for part in parts}
FRONT_ENDS = ROW["sync"]
PURE = {*ROWS[0], *ROWS[1], *ROWS[2], *ROWS[3], "finding"}
IMPURE = {"asyncio", "select", "selectors", "socket", "ssl", "threading", "time"}
# Compatibility packages build on us; pickle is theirs; serpent is a test oracle.
NEVER = {"Pyro", "Pyro4", "Pyro5", "pickle", "serpent"}
REQUIRED = {"msgpack"}  # third parties that are always there
CODECS = {"json", "marshal", "msgpack", "serpent"}
MUTABLE = {
    "bytearray",
    "defaultdict",
    "deque",
    "dict",
    "list",
    "set",
    "Counter",
    "OrderedDict",
}
PROGRAMS_OWN = re.compile(r"_pyro[A-Z]")  # the names of old packages are for their programs
CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*|__\w+__")


@dataclass(frozen=True)
class Import:
    """One name that a module imports."""

    source: str  # absolute name of the module it comes from
    name: str | None  # what is taken from it, None for the module itself
    bound: str  # how it is spelled from then on
    hidden: bool  # inside a function
    typing: bool  # for type checkers only

    @property
    def part(self) -> str:
        """The part of pyrophone it comes from, or the top-level package."""
        return part_of(self.source) if self.ours else self.source.partition(".")[0]

    @property
    def ours(self) -> bool:
        """Whether it comes from pyrophone."""
        return self.source.split(".")[0] == "pyrophone"

    def __str__(self) -> str:
        return f"{self.source}.{self.name}" if self.name else self.source


class Module:
    """A module, its syntax tree and its imports.

    Args:
        known: Names of all modules: tells ``from package import module`` from a plain name.
    """

    def __init__(
        self, name: str, text: str, *, package: bool = False, known: Iterable[str] = ()
    ) -> None:
        self.name = name
        self.part = part_of(name)
        self.tree = ast.parse(text)
        self.package = name if package else name.rpartition(".")[0]
        self.imports = list(self._imports(self.tree, frozenset(known)))

    def _imports(
        self,
        node: ast.AST,
        known: frozenset[str],
        hidden: bool = False,
        typing: bool = False,
    ) -> Iterator[Import]:
        hidden = hidden or isinstance(
            node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
        )
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, None, alias.asname or alias.name, hidden, typing)
        elif isinstance(node, ast.ImportFrom):
            parents = self.package.split(".") if node.level else []
            del parents[len(parents) - node.level + 1 :]
            source = ".".join([*parents, *filter(None, [node.module])])
            for alias in node.names:
                bound = alias.asname or alias.name
                if (inner := f"{source}.{alias.name}") in known:
                    yield Import(inner, None, bound, hidden, typing)
                else:
                    yield Import(source, alias.name, bound, hidden, typing)
        only_typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.iter_child_nodes(node):
            inside = only_typing and child not in getattr(node, "orelse", ())
            yield from self._imports(child, known, hidden, typing or inside)


def part_of(name: str) -> str:
    """Return the part of pyrophone that a module belongs to."""
    return ".".join(name.split(".")[1:2]) or name


def find(folder: Path) -> dict[str, Path]:
    """Return the files of all modules below *folder* by the names of these."""
    paths = {}
    for path in sorted(folder.rglob("*.py")):
        name = ".".join(path.relative_to(folder).with_suffix("").parts)
        paths[name.removesuffix(".__init__")] = path
    return paths


def read(name: str, paths: Mapping[str, Path]) -> Module:
    """Return one module of those that are found."""
    path = paths[name]
    text = path.read_text(encoding="utf-8")
    return Module(name, text, package=path.name == "__init__.py", known=paths)


def read_all(folder: Path) -> dict[str, Module]:
    """Return all modules below *folder* by their names."""
    paths = find(folder)
    return {name: read(name, paths) for name in paths}


def imports_point_up(module: Module) -> Iterator[str]:
    """Refuse imports from rows below and, but for types, from neighbours."""
    if module.part not in ROW:
        yield "its part has no row in the table"
        return
    here = ROW[module.part]
    for one in module.imports:
        if not one.ours or one.part == module.part:
            continue
        there = ROW.get(one.part, len(ROWS))
        if there > here or (there == here > 0 and not one.typing):
            yield f"{module.part} must not know {one}"
        elif there == FRONT_ENDS and "." in one.source.removeprefix("pyrophone."):
            yield f"{one}: a front-end is used through its public names"


def codecs_do_not_know_each_other(module: Module) -> Iterator[str]:
    """Let nobody in the folder of serializers but its ``__init__`` know one by name."""
    folder, _, name = module.name.rpartition(".")
    if folder == "pyrophone.serializers":
        for one in module.imports:
            if one.source in {f"{folder}.{codec}" for codec in CODECS - {name}}:
                yield f"{name} must not know {one}"


def the_core_computes(module: Module) -> Iterator[str]:
    """Refuse, in pure parts, all that waits or tells the time; types of it are harmless."""
    for one in module.imports:
        if module.part in PURE and one.part in IMPURE and not one.typing:
            yield f"{module.part} is pure and must not import {one}"


def imports_stand_on_top(module: Module) -> Iterator[str]:
    """Refuse imports in functions, except of optional third parties."""
    for one in module.imports:
        if one.hidden and (
            one.ours or one.part in sys.stdlib_module_names | NEVER | REQUIRED
        ):
            yield f"import of {one} hides in a function"


def nothing_reaches_down(module: Module) -> Iterator[str]:
    """Refuse what must never be imported by the library."""
    for one in module.imports:
        if one.part in NEVER and not one.ours:
            yield f"{one} has no place in the library"


def modules_have_no_state(module: Module) -> Iterator[str]:
    """Refuse "global", and module-level containers that are not named as constants."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Global):
            yield f"global {', '.join(node.names)}"
    for statement in module.tree.body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            continue
        targets: list[ast.expr] = (
            statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        )
        for name in map(ast.unparse, targets):
            if is_mutable(statement.value) and not CONSTANT.fullmatch(name):
                yield f"{name} is a mutable value in a module"


def is_mutable(value: ast.expr | None) -> bool:
    """Return whether an expression is a new list, dict, set or the like."""
    if isinstance(value, ast.Call):
        return ast.unparse(value.func).rpartition(".")[2] in MUTABLE
    displays = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
    return isinstance(value, displays)


RULES = [
    imports_point_up,
    codecs_do_not_know_each_other,
    the_core_computes,
    imports_stand_on_top,
    nothing_reaches_down,
    modules_have_no_state,
]


def graph(modules: dict[str, Module]) -> dict[str, set[str]]:
    """Return which module imports which, imports for types included."""
    return {
        name: {one.source for one in module.imports} & modules.keys() - {name}
        for name, module in modules.items()
    }


def public_names(module: Module) -> set[str]:
    """Return what stands in ``__all__``."""
    for statement in module.tree.body:
        if (
            isinstance(statement, ast.Assign)
            and ast.unparse(statement.targets[0]) == "__all__"
        ):
            return set(ast.literal_eval(statement.value))
    return set()


def compat_uses_public_names(
    package: Collection[Module], library: dict[str, Module]
) -> Iterator[str]:
    """Refuse, in a compatibility package, all of pyrophone that is not documented.

    A private attribute counts as pyrophone's if pyrophone defines one of that name and
    *package*, all modules of the compatibility package, does not. What ``classic``
    defines is half of such a package, and its subclasses there may use it.
    """
    core = [module for module in library.values() if module.part != "classic"]
    private = private_definitions(core) - private_definitions(package)
    for module in package:
        for complaint in _uses_public_names(module, private, library):
            yield f"{module.name}: {complaint}"


def _uses_public_names(
    module: Module, private: set[str], library: dict[str, Module]
) -> Iterator[str]:
    ours = {one.bound: one for one in module.imports if one.ours}
    for one in ours.values():
        yield from undocumented(one.source, one.name, library)
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute):
            continue
        owner = ast.unparse(node.value)
        if is_private(node.attr) and (node.attr in private or owner in ours):
            yield f"{owner}.{node.attr} is private"
        elif owner in ours and ours[owner].name is None:
            yield from undocumented(ours[owner].source, node.attr, library)


def undocumented(
    source: str, name: str | None, library: dict[str, Module]
) -> Iterator[str]:
    """Complain unless *name* of the module *source* is documented."""
    full = f"{source}.{name}" if name else source
    if any(is_private(word) for word in full.split(".")):
        yield f"{full} is private"
    elif source not in library:
        yield f"{source} is not there"
    elif name and full not in library and name not in public_names(library[source]):
        yield f"{full} is not in __all__"


def private_definitions(modules: Iterable[Module]) -> set[str]:
    """Return the private functions and attributes that *modules* define."""
    found = set()
    for node in (node for module in modules for node in ast.walk(module.tree)):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case (
                ast.Attribute(attr=name, ctx=ast.Store())
                | ast.Name(id=name, ctx=ast.Store())
            ):
                found.add(name)
            case ast.Constant(value=str() as name):  # in __slots__, for one
                found.add(name)
    return {name for name in found if is_private(name) and not PROGRAMS_OWN.match(name)}


def is_private(name: str) -> bool:
    """Return whether a name has a leading underscore and is no ``__special__`` name."""
    return name.startswith("_") and not name.endswith("__")
