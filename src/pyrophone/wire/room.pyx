"""The compiled twin of ``room.py``, which see.

Here ``bytes`` are filled where they are. Nobody has them before they are complete, and
nobody can write to them after that: :meth:`Room.take` makes sure.
"""

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.bytearray cimport (
    PyByteArray_AS_STRING,
    PyByteArray_FromStringAndSize,
    PyByteArray_Resize,
)
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.ref cimport PyObject, Py_XDECREF

cdef extern from "Python.h":
    PyObject* new_bytes "PyBytes_FromStringAndSize"(char*, Py_ssize_t) except NULL
    int _PyBytes_Resize(PyObject**, Py_ssize_t) except -1

__all__ = ["Room"]

cdef Py_ssize_t STEP = 1 << 24  # bytes; more than in Python, for nothing zeroes them


cdef class Room:
    """Memory for one buffer; see ``room.py``."""

    cdef bint _fixed
    cdef PyObject* _bytes  # a reference that is ours alone, so that it can be resized
    cdef object _array
    cdef object _view
    cdef Py_ssize_t _have
    cdef Py_ssize_t _filled
    cdef Py_ssize_t _exports
    cdef readonly Py_ssize_t left

    def __cinit__(self, bint fixed, Py_ssize_t size):
        self._fixed = fixed
        self._have = min(size, STEP)
        if fixed:
            self._bytes = new_bytes(NULL, self._have)
        else:
            self._array = PyByteArray_FromStringAndSize(NULL, self._have)
        self.left = size

    def __dealloc__(self):
        Py_XDECREF(self._bytes)

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        cdef char* memory
        if self._bytes is not NULL:
            memory = PyBytes_AS_STRING(<object>self._bytes)
        elif self._array is not None:
            memory = PyByteArray_AS_STRING(self._array)
        else:
            raise BufferError("what is complete is not filled any more")
        PyBuffer_FillInfo(
            buffer, self, memory + self._filled, self._have - self._filled, 0, flags
        )
        self._exports += 1

    def __releasebuffer__(self, Py_buffer* buffer):
        self._exports -= 1

    def space(self):
        """Return where the next bytes go; good until :meth:`filled`."""
        if self._view is None:
            self._view = memoryview(self)
        return self._view

    def filled(self, Py_ssize_t count):
        """Note that *count* bytes were put there."""
        self._end_view()
        if not 0 <= count <= self._have - self._filled:
            raise ValueError("more was filled than there is")
        self._filled += count
        self.left -= count
        if self._filled == self._have and self.left:
            self._grow(self._have + min(self.left, STEP))

    def take(self):
        """Return what was filled to the end."""
        self._end_view()
        if self.left or self._exports:
            raise BufferError("it is being filled")
        if not self._fixed:
            data = self._array
            self._array = None
        else:
            data = <object>self._bytes
            Py_XDECREF(self._bytes)
            self._bytes = NULL
        return data

    cdef _end_view(self):
        if self._view is not None:
            self._view.release()
            self._view = None

    cdef _grow(self, Py_ssize_t size):
        if self._exports:
            raise BufferError("it is being filled")
        if self._fixed:
            _PyBytes_Resize(&self._bytes, size)
        else:
            PyByteArray_Resize(self._array, size)
        self._have = size
