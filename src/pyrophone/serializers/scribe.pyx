"""What scribe.py is in the pure build: the same names, the same bytes, the same errors.

The text is built in one bytes object, which grows as needed. Whatever may run code of
the user comes back with all pointers but those into this object void, so containers are
asked for their next item each time.
"""

import binascii
import sys

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.dict cimport PyDict_Next, PyDict_Size
from cpython.list cimport PyList_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.mem cimport PyMem_Free
from cpython.object cimport PyObject
from cpython.ref cimport Py_XDECREF
from cpython.tuple cimport PyTuple_GET_SIZE
from libc.math cimport fabs, frexp, isfinite, ldexp
from libc.stdint cimport uint64_t
from libc.string cimport memcpy, strlen

from .tokens cimport Py_LeaveRecursiveCall, enter, stack_end, uintptr_t

from ..errors import SerializeError
from .base import too_many
from .classes import NO_FORM
from .passages import THRESHOLD
from .plain import plain_form
from .tokens import HEADER

__all__ = ["Rules", "Writer", "flat_call_bytes"]

cdef extern from *:
    """
    #define ONES 0x0101010101010101ULL
    #define BLANKS 0x2020202020202020ULL
    #define HIGHS 0x8080808080808080ULL
    #ifdef __SIZEOF_INT128__
    typedef unsigned __int128 wide;
    #define HAS_WIDE 1
    #else
    typedef unsigned long long wide;
    #define HAS_WIDE 0
    #endif
    """
    const uint64_t ONES
    const uint64_t BLANKS
    const uint64_t HIGHS
    ctypedef unsigned long long wide
    bint HAS_WIDE

cdef extern from "Python.h":
    PyObject *new_bytes "PyBytes_FromStringAndSize"(const char *, Py_ssize_t) except NULL
    char *bytes_data "PyBytes_AS_STRING"(PyObject *)
    Py_ssize_t bytes_size "PyBytes_GET_SIZE"(PyObject *)
    int _PyBytes_Resize(PyObject **, Py_ssize_t) except -1
    char *PyOS_double_to_string(double, char, int, int, int *) except NULL
    int Py_DTSF_ADD_DOT_0
    bint PyUnicode_IS_COMPACT_ASCII(object)
    char *ascii_data "(char *)PyUnicode_1BYTE_DATA"(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    const char *PyUnicode_AsUTF8AndSize(object, Py_ssize_t *) except NULL

cdef Py_ssize_t LARGE = THRESHOLD
cdef bytes HEADER_BYTES = HEADER.encode()
cdef str NAN = "{'__class__':'float','value':'nan'}"
cdef dict FLOAT_TEXTS = {"inf": "1e30000", "-inf": "-1e30000", "nan": NAN}
cdef object quote = str.__repr__
cdef const char *DIGITS = b"0123456789abcdef"

cdef enum:
    FIRST_ROOM = 240
    CALL = 5  # values that the layout of a call adds to what is in its arguments
    STEP = 4096


cdef inline uint64_t has_byte(uint64_t word, uint64_t byte) noexcept:
    """Return nonzero if *byte* is in *word*."""
    word ^= byte * ONES
    return (word - ONES) & ~word & HIGHS


cdef bint is_bare(const char *data, Py_ssize_t size) noexcept:
    """Tell whether the repr of an ASCII string is just the string in single quotes."""
    cdef uint64_t word
    cdef unsigned char byte
    while size >= 8:
        memcpy(&word, data, 8)
        if (
            ((word - BLANKS) & ~word & HIGHS)
            | has_byte(word, 39) | has_byte(word, 92) | has_byte(word, 127)
        ):
            return False
        data += 8
        size -= 8
    while size > 0:
        byte = data[0]
        if byte < 32 or byte == 39 or byte == 92 or byte == 127:
            return False
        data += 1
        size -= 1
    return True


# Numbers of at most this many digits that are floats of different values have different
# texts, and the shortest text of a float has at most two more.
cdef enum:
    SURE = 15
    MOST = 17

cdef double[23] TENS
cdef uint64_t[20] WHOLE_TENS
cdef uint64_t[28] FIVES
cdef int power
TENS[0] = WHOLE_TENS[0] = FIVES[0] = 1
for power in range(22):
    TENS[power + 1] = 10 * TENS[power]
for power in range(19):
    WHOLE_TENS[power + 1] = 10 * WHOLE_TENS[power]
for power in range(27):
    FIVES[power + 1] = 5 * FIVES[power]


cdef uint64_t shortest(double value, int *places) noexcept:
    """Return the digits of the repr of *value*, and how many of them are behind the point.

    0 says that it is to be found out in another way: the value is very small or large, or
    one of the rare ones with neighbours in different distances.
    """
    cdef int point = 0, exponent, shift
    cdef uint64_t number, mantissa, last, rest_of_ten
    cdef wide exact, below, unit, off
    if not 1e-4 <= value < 1e15:
        return 0
    while value >= TENS[point]:
        point += 1
    if not point:
        while value * TENS[1 - point] < 1:
            point -= 1
    places[0] = SURE - point
    number = <uint64_t>(value * TENS[places[0]] + 0.5)
    # Both are exact, so their quotient is rounded once, as reading the text would be.
    if number < WHOLE_TENS[SURE] and <double>number / TENS[places[0]] == value:
        return number
    if not HAS_WIDE:
        return 0
    mantissa = <uint64_t>ldexp(frexp(value, &exponent), 53)
    places[0] = MOST - point
    shift = 53 - exponent - places[0]  # value * 10**places == mantissa * 5**places >> shift
    if mantissa == <uint64_t>1 << 52 or shift < 4 or shift > 60 or places[0] > 27:
        return 0
    exact = <wide>mantissa * FIVES[places[0]]
    number = <uint64_t>(exact >> shift)
    below = exact - (<wide>number << shift)
    unit = <wide>1 << shift
    # The text may be off by less than half a mantissa's unit, which is 5**places here.
    last = number % 10
    off = last * unit + below
    if off == 5 * unit or 2 * below == unit or number < WHOLE_TENS[MOST - 1]:
        return 0
    if off < 5 * unit:
        if 2 * off < FIVES[places[0]]:
            places[0] -= 1
            return number // 10
    elif 2 * (10 * unit - off) < FIVES[places[0]]:
        places[0] -= 1
        return number // 10 + 1
    return number + (2 * below > unit)


cdef class Rules:
    """How messages are written; see scribe.py."""

    cdef public object replace
    cdef public object max_depth
    cdef public object max_elements
    cdef public bint bytes_repr
    cdef public bint values

    def __init__(
        self, replace, max_depth, max_elements, bytes_repr=False, values=False
    ):
        self.replace = replace
        self.max_depth = max_depth
        self.max_elements = max_elements
        self.bytes_repr = bytes_repr
        self.values = values


cdef class Writer:
    """Writes one message; see scribe.py."""

    cdef Rules _rules
    cdef public object beside
    cdef Py_ssize_t _left
    cdef PyObject *_out  # a bytes object that nobody else has seen, or NULL
    cdef Py_ssize_t _size  # so much of it is written
    cdef uintptr_t _stack

    def __init__(self, Rules rules not None, beside=None):
        self._rules = rules
        self.beside = beside
        self._left = min(rules.max_elements, sys.maxsize)

    def __dealloc__(self):
        Py_XDECREF(self._out)

    def write(self, value, depth):
        """Return the bytes of *value*, which may have *depth* levels."""
        self._begin()
        self._left -= 1
        self._value(value, min(depth, sys.maxsize))
        return self._finish()

    def write_call(self, object_id, method, args, kwargs, depth):
        """Return the bytes of a call, whose arguments may have *depth* levels."""
        cdef Py_ssize_t levels = min(depth, sys.maxsize)
        self._begin()
        self._left -= CALL
        self._byte(b"(")
        self._name(object_id)
        self._byte(b",")
        self._name(method)
        self._byte(b",")
        self._value(args, levels)
        self._byte(b",")
        if kwargs is None or kwargs != {}:
            self._value(kwargs, levels)
        else:
            self._put(b"{}", 2)
        self._byte(b")")
        return self._finish()

    # The buffer.

    cdef int _begin(self) except -1:
        self._stack = stack_end()
        if self._out != NULL:
            raise RuntimeError("a writer writes one message")
        self._out = new_bytes(NULL, FIRST_ROOM)
        return self._put(PyBytes_AS_STRING(HEADER_BYTES), PyBytes_GET_SIZE(HEADER_BYTES))

    cdef object _finish(self):
        _PyBytes_Resize(&self._out, self._size)
        cdef object out = <object>self._out
        Py_XDECREF(self._out)
        self._out = NULL
        return out

    cdef inline char *_room(self, Py_ssize_t size) except NULL:
        """Return where *size* bytes may be written."""
        if size > bytes_size(self._out) - self._size:
            self._grow(size)
        return bytes_data(self._out) + self._size

    cdef int _grow(self, Py_ssize_t size) except -1:
        if size > sys.maxsize // 4 or self._size > sys.maxsize // 4:
            raise MemoryError
        _PyBytes_Resize(&self._out, 2 * self._size + size)
        return 0

    cdef inline int _byte(self, char byte) except -1:
        self._room(1)[0] = byte
        self._size += 1
        return 0

    cdef inline int _put(self, const char *data, Py_ssize_t size) except -1:
        memcpy(self._room(size), data, size)
        self._size += size
        return 0

    cdef int _text(self, str text) except -1:
        """Write *text*, which has no surrogates, as it is."""
        cdef Py_ssize_t size
        cdef const char *data
        if PyUnicode_IS_COMPACT_ASCII(text):
            return self._put(ascii_data(text), PyUnicode_GET_LENGTH(text))
        data = PyUnicode_AsUTF8AndSize(text, &size)
        return self._put(data, size)

    # Values.

    cdef inline int _count(self, Py_ssize_t values) except -1:
        self._left -= values
        if self._left < 0:
            raise too_many(self._rules.max_elements)
        return 0

    cdef int _value(self, object value, Py_ssize_t depth) except -1:
        if type(value) is str:
            return self._string(value)
        if type(value) is int:
            return self._integer(value)
        if type(value) is float:
            return self._float(value)
        if value is None:
            return self._put(b"None", 4)
        if value is True:
            return self._put(b"True", 4)
        if value is False:
            return self._put(b"False", 5)
        if (
            type(value) is dict or type(value) is list or type(value) is tuple
            or type(value) is set or type(value) is frozenset
        ):
            return self._container(value, depth)
        return self._other(value, depth)

    cdef int _container(self, object value, Py_ssize_t depth) except -1:
        if depth <= 0:
            raise SerializeError(f"nested deeper than {self._rules.max_depth} levels")
        enter(b" while writing", self._stack)
        try:
            if type(value) is list:
                return self._list(value, depth - 1)
            if type(value) is tuple:
                return self._tuple(value, depth - 1)
            if self._rules.values and is_odd(value, depth - 1):
                return self._replaced(value, depth)
            if type(value) is dict:
                return self._mapping(value, depth - 1)
            return self._set(value, depth - 1)
        finally:
            Py_LeaveRecursiveCall()

    cdef int _list(self, list items, Py_ssize_t depth) except -1:
        cdef Py_ssize_t index = 0
        self._count(PyList_GET_SIZE(items))
        self._byte(b"[")
        while index < PyList_GET_SIZE(items):
            if index:
                self._byte(b",")
            self._value(items[index], depth)
            index += 1
        return self._byte(b"]")

    cdef int _tuple(self, tuple items, Py_ssize_t depth) except -1:
        cdef Py_ssize_t index
        self._count(PyTuple_GET_SIZE(items))
        self._byte(b"(")
        for index in range(PyTuple_GET_SIZE(items)):
            if index:
                self._byte(b",")
            self._value(items[index], depth)
        if PyTuple_GET_SIZE(items) == 1:
            self._byte(b",")
        return self._byte(b")")

    cdef int _mapping(self, dict mapping, Py_ssize_t depth) except -1:
        cdef Py_ssize_t place = 0, size = PyDict_Size(mapping)
        cdef PyObject *next_key
        cdef PyObject *next_item
        cdef object key, item
        cdef bint first = True
        self._count(2 * size)
        self._byte(b"{")
        while PyDict_Next(mapping, &place, &next_key, &next_item):
            key = <object>next_key
            item = <object>next_item
            if not first:
                self._byte(b",")
            first = False
            if type(key) is str:
                self._string(key)
            else:
                self._key(key, depth)
            self._byte(b":")
            self._value(item, depth)
            if PyDict_Size(mapping) != size:
                raise RuntimeError("dictionary changed size during iteration")
        return self._byte(b"}")

    cdef int _set(self, object items, Py_ssize_t depth) except -1:
        cdef Py_ssize_t size = len(items)
        cdef bint first = True
        if not size:
            return self._put(b"()", 2)
        self._count(size)
        for item in items:
            self._byte(b"{" if first else b",")
            first = False
            self._key(item, depth)
        return self._byte(b"}")

    cdef int _key(self, object key, Py_ssize_t depth) except -1:
        """Write a mapping's key or a set's element."""
        kind = type(key)
        if kind is str:
            return self._string(key)
        if kind is int:
            return self._integer(key)
        if kind is bool:
            return self._value(key, depth)
        if kind is tuple:
            return self._tuple_key(key, depth)
        if kind is bytes:
            return self._literal(key)
        if kind is complex or (kind is float and key == key):
            return self._value(key, depth)
        if key is None and self._rules.values:
            return self._put(b"None", 4)
        plain = plain_form(key)
        if plain is NO_FORM:
            what = repr(key) if key is None or kind is float else f"a {kind.__name__}"
            raise SerializeError(f"{what} can't be a key or an element of a set")
        return self._key(plain, depth)

    cdef int _tuple_key(self, tuple key, Py_ssize_t depth) except -1:
        cdef Py_ssize_t index
        if depth <= 0:
            raise SerializeError(f"nested deeper than {self._rules.max_depth} levels")
        self._count(PyTuple_GET_SIZE(key))
        enter(b" while writing", self._stack)
        try:
            self._byte(b"(")
            for index in range(PyTuple_GET_SIZE(key)):
                if index:
                    self._byte(b",")
                if key[index] is None:
                    self._put(b"None", 4)
                else:
                    self._key(key[index], depth - 1)
            if PyTuple_GET_SIZE(key) == 1:
                self._byte(b",")
            return self._byte(b")")
        finally:
            Py_LeaveRecursiveCall()

    cdef int _other(self, object value, Py_ssize_t depth) except -1:
        kind = type(value)
        if kind is bytes and (self.beside is None or PyBytes_GET_SIZE(value) < LARGE):
            if self._rules.bytes_repr or self._rules.values:
                return self._literal(value)
            self._put(b"{'data': '", 10)
            text = binascii.b2a_base64(value, newline=False)
            self._put(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
            return self._put(b"', 'encoding': 'base64'}", 24)
        if kind is complex and (value == value or not self._rules.values):
            return self._text(complex_text(value))
        enter(b" while writing", self._stack)
        try:
            return self._replaced(value, depth)
        finally:
            Py_LeaveRecursiveCall()

    cdef int _replaced(self, object value, Py_ssize_t depth) except -1:
        form = self._rules.replace(value, self)
        if type(form) is not dict:
            return self._value(form, depth)
        if depth <= 0:
            raise SerializeError(f"nested deeper than {self._rules.max_depth} levels")
        return self._mapping(form, depth - 1)

    # Atoms.

    cdef int _name(self, object name) except -1:
        if type(name) is str:
            return self._string(name)
        return self._text(quote(name))

    cdef int _string(self, str value) except -1:
        cdef Py_ssize_t size
        cdef char *out
        if PyUnicode_IS_COMPACT_ASCII(value):
            size = PyUnicode_GET_LENGTH(value)
            if is_bare(ascii_data(value), size):
                out = self._room(size + 2)
                out[0] = 39
                memcpy(out + 1, ascii_data(value), size)
                out[size + 1] = 39
                self._size += size + 2
                return 0
        return self._text(quote(value))

    cdef int _integer(self, object value) except -1:
        cdef int overflow = 0
        cdef long long number = PyLong_AsLongLongAndOverflow(value, &overflow)
        cdef unsigned long long rest
        cdef char digits[24]
        cdef int at = 24
        if overflow:
            return self._text(repr(value))
        rest = <unsigned long long>number
        if number < 0:
            rest = 0 - rest
        while True:
            at -= 1
            digits[at] = 48 + <char>(rest % 10)
            rest //= 10
            if not rest:
                break
        if number < 0:
            at -= 1
            digits[at] = 45
        return self._put(digits + at, 24 - at)

    cdef int _float(self, double value) except -1:
        cdef int places = 0
        cdef char *text
        cdef uint64_t number = shortest(fabs(value), &places)
        if number:
            return self._decimal(number, places, value < 0)
        if not isfinite(value):
            return self._text(FLOAT_TEXTS[repr(value)])
        text = PyOS_double_to_string(value, b"r", 0, Py_DTSF_ADD_DOT_0, NULL)
        try:
            return self._put(text, strlen(text))
        finally:
            PyMem_Free(text)

    cdef int _decimal(self, uint64_t number, int places, bint negative) except -1:
        """Write *number* with a point before so many of its digits, at least one of them."""
        cdef char[40] digits
        cdef int at = 40
        if not places:
            number *= 10
            places = 1
        while places > 1 and number % 10 == 0:
            number //= 10
            places -= 1
        while number or places >= 0:
            at -= 1
            digits[at] = 48 + <char>(number % 10)
            number //= 10
            places -= 1
            if places == 0:
                at -= 1
                digits[at] = 46
        if negative:
            at -= 1
            digits[at] = 45
        return self._put(digits + at, 40 - at)

    cdef int _literal(self, bytes value) except -1:
        """Write the repr of *value*, which may be large, without another copy of it."""
        cdef Py_ssize_t size = PyBytes_GET_SIZE(value), index
        cdef const unsigned char *data = <const unsigned char *>PyBytes_AS_STRING(value)
        cdef unsigned char byte, mark = 34 if b"'" in value and b'"' not in value else 39
        cdef char *out
        cdef Py_ssize_t start, stop
        self._byte(b"b")
        self._byte(mark)
        for start in range(0, size, STEP):
            stop = min(start + STEP, size)
            out = self._room(4 * (stop - start))
            for index in range(start, stop):
                byte = data[index]
                if 32 <= byte < 127 and byte != mark and byte != 92:
                    out[0] = byte
                    out += 1
                    continue
                out[0] = 92
                if byte == mark or byte == 92:
                    out[1] = byte
                elif byte == 9:
                    out[1] = b"t"
                elif byte == 10:
                    out[1] = b"n"
                elif byte == 13:
                    out[1] = b"r"
                else:
                    out[1] = b"x"
                    out[2] = DIGITS[byte >> 4]
                    out[3] = DIGITS[byte & 15]
                    out += 2
                out += 2
            self._size = out - bytes_data(self._out)
        return self._byte(mark)


cdef bint is_odd(object container, Py_ssize_t depth) except -1:
    """Tell whether a mapping or set would not arrive as it is from its literal."""
    if type(container) is dict:
        if "__class__" in container:
            return True
    elif type(container) is frozenset or not container:
        return True
    for key in container:
        if type(key) is not str and is_odd_key(key, depth):
            return True
    return False


cdef bint is_odd_key(object key, Py_ssize_t depth) except -1:
    kind = type(key)
    if kind is str or kind is int or kind is bool or kind is bytes or key is None:
        return False
    if kind is float or kind is complex:
        return key != key
    if kind is not tuple:
        return True
    if depth <= 0:
        return False
    enter(b" while writing", stack_end())
    try:
        for item in <tuple>key:
            if is_odd_key(item, depth - 1):
                return True
        return False
    finally:
        Py_LeaveRecursiveCall()


cdef str complex_text(value):
    real, imaginary = repr(value.real), repr(value.imag)
    if "nan" in (real, imaginary):
        raise SerializeError("a complex number that is not-a-number")
    imaginary = FLOAT_TEXTS.get(imaginary, imaginary)
    sign = "" if imaginary[0] == "-" else "+"
    return f"({FLOAT_TEXTS.get(real, real)}{sign}{imaginary}j)"


cdef Rules FLAT_RULES = Rules(None, 1, sys.maxsize)


def flat_call_bytes(object_id, method, args, kwargs):
    """Return the bytes of a call, None if it is not just one of atoms."""
    cdef Writer writer
    if type(args) is not tuple or type(kwargs) is not dict or kwargs:
        return None
    for arg in <tuple>args:
        kind = type(arg)
        if not (kind is int or kind is str or arg is None or kind is bool):
            return None
    writer = Writer.__new__(Writer)
    writer._rules = FLAT_RULES
    writer._left = sys.maxsize
    try:
        return writer.write_call(object_id, method, args, kwargs, 1)
    except ValueError:
        return None  # that is said elsewhere
