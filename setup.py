"""The optional extensions: modules with a ``.pxd`` or ``.pyx`` beside them, by Cython.

A ``.pxd`` adds declarations to the source. A ``.pyx`` is compiled in place of the source,
where that would be no faster compiled: it is the module's twin, and does the same.

``PYROPHONE_BUILD`` says how: ``auto`` (the default) compiles, and goes on in pure Python
where that fails; ``pure`` does not try; ``require`` fails where compiling does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from setuptools import Extension, setup

try:
    from Cython.Build import cythonize
except ImportError:  # without build isolation, and then without compiled modules
    cythonize = None

ROOT = Path(__file__).resolve().parent
CHOICES = ("auto", "pure", "require")
DIRECTIVES = {
    "annotation_typing": False,  # annotations are for people and mypy
    "binding": True,
    "language_level": 3,
}


def extensions(build: str) -> list[Extension]:
    """Return what is to be compiled for *build*, which is one of the choices."""
    if build == "pure" or (build == "auto" and cythonize is None):
        return []
    if cythonize is None:
        raise SystemExit("PYROPHONE_BUILD=require needs Cython")
    # Debug information would double the time. In C no "inline" is a promise.
    flags = [] if sys.platform == "win32" else ["-O2", "-g0"]
    modules = []
    found = [*ROOT.glob("src/pyrophone/**/*.pxd"), *ROOT.glob("src/pyrophone/**/*.pyx")]
    for module in sorted({path.with_suffix("") for path in found}):
        twin = module.with_suffix(".pyx")
        source = twin if twin.exists() else module.with_suffix(".py")
        source = source.relative_to(ROOT)
        name = ".".join(source.with_suffix("").parts[1:])
        modules.append(Extension(name, [source.as_posix()], extra_compile_args=flags))
    made = cythonize(
        modules,
        build_dir="build/c",
        compiler_directives=DIRECTIVES,
        include_path=["src"],
        nthreads=0,
        quiet=True,
    )
    for extension in made:
        extension.optional = build == "auto"  # cythonize would have lost it
    return made


build = os.environ.get("PYROPHONE_BUILD", "auto")
if build not in CHOICES:
    raise SystemExit(f"PYROPHONE_BUILD={build!r} is none of {', '.join(CHOICES)}")
setup(ext_modules=extensions(build))
