"""What crowds.py is in the pure build: the same names, values and errors."""

import random
import sys

from cpython.dict cimport PyDict_Next
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.object cimport PyObject, PyObject_Hash
from libc.stdint cimport uint64_t

from ..errors import SerializeError

__all__ = ["MOST_ALIKE", "Crowd", "check_keys"]

cdef extern from "Python.h":
    long long PyLong_AsLongLongAndOverflow(object, int *) except? -1

cdef enum:
    MOST = 128  # see crowds.py
    FIRST_SIZE = 512  # of a table, a power of 2

MOST_ALIKE = MOST
cdef long long SHORT = sys.hash_info.modulus
# Odd, and nobody knows it: else those could be sent that meet in the table of hashes.
cdef uint64_t SECRET = random.SystemRandom().getrandbits(64) | 1


cdef struct Place:
    Py_hash_t hash
    Py_ssize_t number  # of keys, 0 if the place is free


cdef bint doubtful(object key) except -1:
    """Tell whether others could be made like *key*."""
    cdef int overflow = 0
    cdef long long value
    if type(key) is str:
        return False
    if type(key) is not int:
        return True
    value = PyLong_AsLongLongAndOverflow(key, &overflow)
    return overflow != 0 or not -SHORT < value < SHORT


cdef class Crowd:
    """Looks at a mapping while it grows; see crowds.py."""

    cdef Place *_table
    cdef Py_ssize_t _mask
    cdef Py_ssize_t _used
    cdef Py_ssize_t _position

    def __dealloc__(self):
        PyMem_Free(self._table)

    def look(self, dict mapping):
        """Look at the keys that are new in *mapping*; see crowds.py."""
        cdef PyObject *key
        cdef PyObject *value
        while PyDict_Next(mapping, &self._position, &key, &value):
            if doubtful(<object>key) and self._count(PyObject_Hash(<object>key)) > MOST:
                raise crowded()

    cdef Py_ssize_t _count(self, Py_hash_t hash) except -1:
        """Count one key of *hash*, return how many there are."""
        cdef Place *place
        if 3 * self._used >= 2 * self._mask:  # also where there is none
            self._grow()
        place = self._find(hash)
        if place.number == 0:
            place.hash = hash
            self._used += 1
        place.number += 1
        return place.number

    cdef inline Place *_find(self, Py_hash_t hash) noexcept:
        """Return where *hash* is, or is to be."""
        cdef uint64_t mixed = <uint64_t>hash * SECRET
        cdef Py_ssize_t at = <Py_ssize_t>((mixed ^ (mixed >> 32)) * SECRET >> 32) & self._mask
        while self._table[at].number and self._table[at].hash != hash:
            at = (at + 1) & self._mask
        return &self._table[at]

    cdef int _grow(self) except -1:
        cdef Place *old = self._table
        cdef Py_ssize_t size = self._mask + 1 if old != NULL else 0
        cdef Py_ssize_t at
        cdef Py_ssize_t larger = 4 * size if size else FIRST_SIZE
        cdef Place *table = <Place *>PyMem_Calloc(larger, sizeof(Place))
        if table == NULL:
            raise MemoryError
        self._table = table
        self._mask = larger - 1
        for at in range(size):
            if old[at].number:
                self._find(old[at].hash)[0] = old[at]
        PyMem_Free(old)
        return 0


def check_keys(keys):
    """Look at what is to be put into one container; see crowds.py."""
    cdef Crowd crowd
    cdef Py_hash_t hash
    cdef dict different
    if len(keys) <= MOST:
        return
    crowd = Crowd()
    different = {}
    for key in keys:
        if doubtful(key):
            hash = PyObject_Hash(key)
            if crowd._count(hash) > MOST:
                different[hash] = set()
    for key in keys if different else ():
        if PyObject_Hash(key) in different:
            different[PyObject_Hash(key)].add(key)
            if len(different[PyObject_Hash(key)]) > MOST:
                raise crowded()


cdef object crowded():
    return SerializeError(f"more than {MOST} keys with the same hash")
