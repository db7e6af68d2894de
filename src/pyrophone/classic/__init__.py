"""What the packages for programs of older Pyros have in common.

New programs have no use for it. Each of those packages is a :class:`.Generation`, with
a configuration and errors of its own, which what is in here is told of.
"""
