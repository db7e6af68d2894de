"""The compiled twin of ``room.py``, which see.

Here ``bytes`` are filled where they are. Nobody has them before they are complete, and
nobody can write to them after that: :meth:`Room.take` makes sure. The steps are larger,
for what was not filled is address space only; where that counts as memory, they are not.
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

cdef Py_ssize_t LEAST = 1 << 24  # bytes; the first step

cdef extern from *:
    """
    #if defined(__linux__)
    #include <stdint.h>
    #include <sys/mman.h>
    #include <unistd.h>
    #define ROOM_STEP ((Py_ssize_t)1 << 27)
    /* The system gives memory when it is written to, by pages; by large ones it takes a
       fourth of the time. Where it can't, nothing is lost. Whole pages are asked for, those
       at the edges, too: of two kinds, they could not be moved when more is asked for. */
    static void room_advise(char *memory, Py_ssize_t size)
    {
    #ifdef MADV_HUGEPAGE
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
        uintptr_t start = (uintptr_t)memory & ~(page - 1);
        uintptr_t end = ((uintptr_t)memory + (uintptr_t)size + page - 1) & ~(page - 1);
        if (size >= (Py_ssize_t)1 << 22)
            (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
    #endif
    }
    #else
    #define ROOM_STEP ((Py_ssize_t)1 << 24)
    #define room_advise(memory, size) ((void)0)
    #endif
    """
    Py_ssize_t ROOM_STEP
    void room_advise(char*, Py_ssize_t)


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
        self._have = min(size, LEAST)
        if fixed:
            self._bytes = new_bytes(NULL, self._have)
        else:
            self._array = PyByteArray_FromStringAndSize(NULL, self._have)
        self.left = size
        room_advise(self._memory(), self._have)

    def __dealloc__(self):
        Py_XDECREF(self._bytes)

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        cdef char* memory = self._memory()
        if memory is NULL:
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
            # As many again: large regions grow by being moved, without a copy.
            self._grow(self._have + min(self.left, max(LEAST, min(self._have, ROOM_STEP))))

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

    cdef char* _memory(self) noexcept:
        if self._bytes is not NULL:
            return PyBytes_AS_STRING(<object>self._bytes)
        if self._array is not None:
            return PyByteArray_AS_STRING(self._array)
        return NULL

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
        room_advise(self._memory(), size)
