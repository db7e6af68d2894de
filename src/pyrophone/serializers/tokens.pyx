"""What tokens.py is in the pure build: the same names, values and errors.

One pass over the bytes, without tokens. What tokens.py finds unusual is unusual here, too,
and read by literals.py from the start, so that both builds agree in every text. Inside,
UNUSUAL is returned for it: an exception would cost more than a short message.
"""

import sys

from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport (
    PyBytes_AS_STRING,
    PyBytes_FromStringAndSize,
    PyBytes_GET_SIZE,
)
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF, Py_XDECREF
from libc.math cimport ldexp
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcmp, memcpy

from ..errors import SerializeError
from .base import too_many
from .crowds import Crowd, check_keys
from .escapes import unescape, unescape_bytes
from .literals import LiteralReader

__all__ = ["FLAT_SIZE", "HEADER", "NO_VALUE", "Reader", "flat_call", "flat_value"]

cdef extern from *:
    """
    #define ONES 0x0101010101010101ULL
    #define BLANKS 0x2020202020202020ULL
    #define HIGHS 0x8080808080808080ULL
    #ifdef __SIZEOF_INT128__
    typedef unsigned __int128 wide;
    #define HAS_WIDE 1
    #define BITS(word) (64 - __builtin_clzll(word))
    #else
    typedef unsigned long long wide;
    #define HAS_WIDE 0
    #define BITS(word) 0
    #endif
    """
    const uint64_t ONES
    const uint64_t BLANKS
    const uint64_t HIGHS
    ctypedef unsigned long long wide
    bint HAS_WIDE
    int BITS(uint64_t)

cdef extern from "Python.h":
    double PyOS_string_to_double(const char *, char **, PyObject *) except? -1.0
    object PyUnicode_DecodeUTF8(const char *, Py_ssize_t, const char *)
    object PyUnicode_FromKindAndData(int, const void *, Py_ssize_t)
    object PyLong_FromLongLong(long long)
    int PyUnicode_4BYTE_KIND

HEADER = "# serpent utf-8 python3.2\n"
FLAT_SIZE = 400
NO_VALUE = object()
cdef object UNUSUAL = NO_VALUE
cdef bytes HEADER_BYTES = HEADER.encode()
cdef Py_ssize_t HEADER_SIZE = len(HEADER_BYTES)
cdef dict NO_KEYWORDS = {}

cdef enum:
    FLAT = 400
    MOST_DIGITS = 4000  # see tokens.py
    KNOWN = 128  # strings that are remembered, a power of 2
    KNOWN_SIZE = 40  # bytes of the longest
    STEP = 128  # pairs, so many as MOST_ALIKE

cdef double[23] TENS
cdef uint64_t[28] FIVES
cdef int power
TENS[0] = FIVES[0] = 1
for power in range(22):
    TENS[power + 1] = 10 * TENS[power]
for power in range(27):
    FIVES[power + 1] = 5 * FIVES[power]


cdef struct Cursor:
    const unsigned char *at
    const unsigned char *end


cdef inline uint64_t has_byte(uint64_t word, uint64_t byte) noexcept:
    """Return nonzero if *byte* is in *word*."""
    word ^= byte * ONES
    return (word - ONES) & ~word & HIGHS


cdef inline unsigned char here(Cursor *cursor) noexcept:
    """Return the next byte, 0 at the end."""
    return cursor.at[0] if cursor.at < cursor.end else 0


cdef inline bint take(Cursor *cursor, unsigned char mark) noexcept:
    """Tell whether *mark* comes next, and pass it, and a blank behind it."""
    if cursor.at >= cursor.end or cursor.at[0] != mark:
        return False
    cursor.at += 1
    if cursor.at < cursor.end and cursor.at[0] == 32:
        cursor.at += 1
    return True


cdef inline bint word(Cursor *cursor, const char *text, Py_ssize_t size) noexcept:
    """Tell whether *text* comes next, and pass it."""
    if cursor.end - cursor.at < size or memcmp(cursor.at, text, size):
        return False
    cursor.at += size
    return True


cdef Py_ssize_t digits(Cursor *cursor) noexcept:
    """Pass all digits, return their number."""
    cdef const unsigned char *start = cursor.at
    while cursor.at < cursor.end and 48 <= cursor.at[0] <= 57:
        cursor.at += 1
    return cursor.at - start


# Atoms. What is behind them is looked at by the caller.


cdef object number(Cursor *cursor):
    """Return the integer or float that comes next."""
    cdef const unsigned char *start = cursor.at
    cdef const unsigned char *first
    cdef const unsigned char *at
    cdef Py_ssize_t whole, fraction = 0, exponent = 0
    cdef bint negative = False, is_float = False
    cdef uint64_t value = 0
    if here(cursor) == 45:
        negative = True
        cursor.at += 1
    first = cursor.at
    whole = digits(cursor)
    if not 0 < whole <= MOST_DIGITS or (first[0] == 48 and whole > 1):
        return UNUSUAL
    if here(cursor) == 46:
        is_float = True
        cursor.at += 1
        fraction = digits(cursor)
        if not 0 < fraction <= MOST_DIGITS:
            return UNUSUAL
    if here(cursor) == 101:
        is_float = True
        cursor.at += 1
        if here(cursor) == 43 or here(cursor) == 45:
            cursor.at += 1
        exponent = digits(cursor)
        if not 0 < exponent <= MOST_DIGITS:
            return UNUSUAL
    if exponent or whole + fraction > 18 + (first[0] == 48):
        if is_float:
            return long_float(start)
        return int(start[:cursor.at - start].decode("ascii"))
    at = first
    while at < cursor.at:
        if at[0] != 46:
            value = 10 * value + (at[0] - 48)
        at += 1
    if not is_float:
        return PyLong_FromLongLong(-<long long>value if negative else <long long>value)
    return short_float(start, value, fraction, negative)


cdef inline double long_float(const unsigned char *start) except? -1.0:
    """Return the float of the text at *start*; bytes objects end with a NUL."""
    cdef char *stop
    return PyOS_string_to_double(<const char *>start, &stop, NULL)


cdef double short_float(
    const unsigned char *start, uint64_t value, Py_ssize_t fraction, bint negative
) except? -1.0:
    """Return the float of *value* by so many powers of ten, correctly rounded."""
    cdef double result
    cdef wide numerator
    cdef uint64_t quotient, divisor
    cdef int shift
    if value < (<uint64_t>1 << 53) and fraction <= 22:
        # Both are exact, so their quotient is rounded once.
        result = <double>value / TENS[fraction]
    elif HAS_WIDE and 0 < fraction <= 27:
        # A quotient of 63 or 64 bits, the last of which says whether there is a rest:
        # rounding that to 53 bits rounds the exact quotient.
        divisor = FIVES[fraction]
        shift = 63 - BITS(value) + BITS(divisor)
        numerator = <wide>value << shift
        quotient = <uint64_t>(numerator // divisor)
        if <wide>quotient * divisor != numerator:
            quotient |= 1
        result = ldexp(<double>quotient, -shift - <int>fraction)
    else:
        return long_float(start)
    return -result if negative else result


cdef const unsigned char *closing(
    const unsigned char *at, const unsigned char *end, unsigned char quote, bint *escaped
) noexcept:
    """Return where the string ends that goes on at *at*, NULL if it is unusual."""
    cdef uint64_t block
    while True:
        while end - at >= 8:
            memcpy(&block, at, 8)
            if (
                ((block - BLANKS) & ~block & HIGHS)
                | has_byte(block, quote) | has_byte(block, 92)
            ):
                break
            at += 8
        if at >= end or at[0] == 10 or at[0] == 13 or at[0] == 0:
            return NULL
        if at[0] == quote:
            return at
        if at[0] == 92:
            escaped[0] = True
            at += 1
            if at >= end or at[0] == 10 or at[0] == 13 or at[0] == 0:
                return NULL
        at += 1


cdef object string(Cursor *cursor):
    """Return the string that comes next."""
    cdef bint escaped = False
    cdef const unsigned char *start = cursor.at + 1
    cdef const unsigned char *stop = closing(start, cursor.end, cursor.at[0], &escaped)
    if stop == NULL:
        return UNUSUAL
    cursor.at = stop + 1
    text = PyUnicode_DecodeUTF8(<const char *>start, stop - start, NULL)
    return unescaped(text) if escaped else text


cdef object unescaped(str text):
    """Return what ``escapes.unescape`` does, which is asked for what is rare."""
    cdef Py_ssize_t size = len(text), at = 0, length = 0
    cdef uint32_t character
    cdef uint32_t *out = <uint32_t *>PyMem_Calloc(size, 4)
    if out == NULL:
        raise MemoryError
    try:
        while at < size:
            character = <Py_UCS4>text[at]
            at += 1
            if character == 92:
                character = <Py_UCS4>text[at]  # there is one: else the quote were escaped
                at += 1
                if character == 110:  # n
                    character = 10
                elif character == 116:  # t
                    character = 9
                elif character == 114:  # r
                    character = 13
                elif character == 120:  # x
                    character = code(text, at, 2)
                    at += 2
                elif character == 117:  # u
                    character = code(text, at, 4)
                    at += 4
                elif character == 85:  # U
                    character = code(text, at, 8)
                    at += 8
                elif character != 39 and character != 34 and character != 92:
                    return unescape(text)
                if character > 0x10FFFF:
                    return unescape(text)
            out[length] = character
            length += 1
        return PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, out, length)
    finally:
        PyMem_Free(out)


cdef uint32_t code(str text, Py_ssize_t at, Py_ssize_t size) except? 0xFFFFFFFF:
    """Return the number of so many hexadecimal digits, too large a one if it is none."""
    cdef uint32_t value = 0, character
    if len(text) - at < size:
        return 0x110000
    for at in range(at, at + size):
        character = <Py_UCS4>text[at]
        if value >= 0x110000:
            return 0x110000
        if 48 <= character <= 57:
            value = 16 * value + character - 48
        elif 97 <= character <= 102:
            value = 16 * value + character - 87
        elif 65 <= character <= 70:
            value = 16 * value + character - 55
        else:
            return 0x110000
    return value


cdef object byte_string(Cursor *cursor):
    """Return the bytes whose literal comes next."""
    cdef bint escaped = False
    cdef const unsigned char *start = cursor.at + 2
    cdef const unsigned char *stop
    cursor.at += 1
    if here(cursor) != 39 and here(cursor) != 34:
        return UNUSUAL
    stop = closing(start, cursor.end, cursor.at[0], &escaped)
    if stop == NULL:
        return UNUSUAL
    cursor.at = stop + 1
    value = start[:stop - start]
    if not value.isascii():
        return UNUSUAL
    return unescaped_bytes(value) if escaped else value


cdef object unescaped_bytes(bytes body):
    """Return what ``escapes.unescape_bytes`` does, which is asked for what is rare."""
    cdef const unsigned char *at = <const unsigned char *>PyBytes_AS_STRING(body)
    cdef const unsigned char *end = at + PyBytes_GET_SIZE(body)
    cdef unsigned char *out
    cdef unsigned char byte
    cdef Py_ssize_t length = 0
    cdef int high, low
    cdef bytearray made = bytearray(PyBytes_GET_SIZE(body))
    out = <unsigned char *>PyByteArray_AS_STRING(made)
    while at < end:
        byte = at[0]
        at += 1
        if byte == 92:
            byte = at[0]  # there is one: else the quote were escaped
            at += 1
            if byte == 120:  # x
                high = hexadecimal(at[0])
                low = hexadecimal(at[1]) if high >= 0 else -1  # else that may be no byte of it
                if low < 0:
                    return unescape_bytes(body.decode("ascii"))
                byte = 16 * high + low
                at += 2
            elif byte == 110:  # n
                byte = 10
            elif byte == 116:  # t
                byte = 9
            elif byte == 114:  # r
                byte = 13
            elif byte != 39 and byte != 34 and byte != 92:
                return unescape_bytes(body.decode("ascii"))
        out[length] = byte
        length += 1
    return PyBytes_FromStringAndSize(<char *>out, length)


cdef inline int hexadecimal(unsigned char digit) noexcept:
    """Return the value of *digit*, -1 if it is none; bytes objects end with a NUL."""
    if 48 <= digit <= 57:
        return digit - 48
    digit |= 32
    return digit - 87 if 97 <= digit <= 102 else -1


cdef object atom(Cursor *cursor):
    """Return the atom that comes next."""
    cdef unsigned char first = here(cursor)
    if first == 39 or first == 34:
        return string(cursor)
    if 48 <= first <= 57 or first == 45:
        return number(cursor)
    if first == 78 and word(cursor, b"None", 4):
        return None
    if first == 84 and word(cursor, b"True", 4):
        return True
    if first == 70 and word(cursor, b"False", 5):
        return False
    if first == 98:
        return byte_string(cursor)
    return UNUSUAL


# Short messages.


def flat_value(data):
    """Return the value of *data*, NO_VALUE if it is not just one atom."""
    cdef Cursor cursor
    if len(data) >= FLAT:
        return NO_VALUE
    if type(data) is not bytes:
        data = bytes(data)
    begin(data, &cursor)
    try:
        value = atom(&cursor)
    except (UnicodeDecodeError, SerializeError):
        return NO_VALUE  # that is said elsewhere, as of other texts
    return value if cursor.at == cursor.end else NO_VALUE


def flat_call(data):
    """Return the parts of a call, None if it is not just one of atoms."""
    cdef Cursor cursor
    if len(data) >= FLAT:
        return None
    if type(data) is not bytes:
        data = bytes(data)
    begin(data, &cursor)
    try:
        return call(&cursor)
    except (UnicodeDecodeError, SerializeError):
        return None


cdef object call(Cursor *cursor):
    if not word(cursor, b"('", 2):
        return None
    cursor.at -= 1
    object_id = string(cursor)
    if not word(cursor, b",'", 2):
        return None
    cursor.at -= 1
    method = string(cursor)
    if object_id is UNUSUAL or method is UNUSUAL or not word(cursor, b",(", 2):
        return None
    args = ()
    if here(cursor) != 41:
        arg = atom(cursor)
        if arg is UNUSUAL or here(cursor) != 44:
            return None  # "(1)" is no tuple
        cursor.at += 1
        if here(cursor) == 41:
            args = (arg,)
        else:
            args = arguments(cursor, arg)
            if args is None:
                return None
    if word(cursor, b"),{})", 5) and cursor.at == cursor.end:
        return object_id, method, args, {}
    return None


cdef object arguments(Cursor *cursor, object first):
    cdef list args = [first]
    while True:
        arg = atom(cursor)
        if arg is UNUSUAL:
            return None
        args.append(arg)
        if here(cursor) != 44:
            return tuple(args)
        cursor.at += 1
        if here(cursor) == 41:
            return tuple(args)


cdef inline void begin(bytes data, Cursor *cursor) noexcept:
    """Point *cursor* to what is in *data*, behind the header."""
    cursor.at = <const unsigned char *>PyBytes_AS_STRING(data)
    cursor.end = cursor.at + PyBytes_GET_SIZE(data)
    word(cursor, PyBytes_AS_STRING(HEADER_BYTES), HEADER_SIZE)


# All messages.


cdef struct Known:
    const unsigned char *start
    Py_ssize_t size
    PyObject *string


cdef class Reader:
    """Reads one text; see tokens.py."""

    cdef public bint has_forms
    cdef object _data
    cdef object _max_depth
    cdef object _max_elements
    cdef object _convert
    cdef Py_ssize_t _left
    cdef uintptr_t _stack
    cdef Cursor _cursor
    cdef Known *_known

    def __init__(self, data, max_depth, max_elements, finish=None):
        self._data = data if type(data) is bytes else bytes(data)
        self._max_depth = max_depth
        self._max_elements = max_elements
        self._convert = finish
        self.has_forms = False

    def __dealloc__(self):
        cdef int index
        if self._known != NULL:
            for index in range(KNOWN):
                Py_XDECREF(self._known[index].string)
            PyMem_Free(self._known)

    def read(self):
        """Return the value; see tokens.py for what is raised."""
        try:
            value = self._read()
        except Exception:
            self._checked()  # what is wrong with all of the text comes first
            raise
        if value is not UNUSUAL:
            return value
        text = self._checked()
        self.has_forms = False
        return LiteralReader(
            text, self._max_depth, self._max_elements, self._finish
        ).read()

    def _finish(self, mapping):
        return self._finished(mapping)

    cdef object _checked(self):
        text = self._data.decode("utf-8")
        if "\0" in text:
            raise SerializeError(f"not serpent data: NUL at {text.index(chr(0))}")
        return text

    cdef object _read(self):
        cdef Py_ssize_t levels = min(self._max_depth, sys.maxsize)
        self._left = min(self._max_elements, sys.maxsize)
        self._stack = stack_end()
        begin(self._data, &self._cursor)
        if self._known == NULL and PyBytes_GET_SIZE(self._data) > 1000:
            self._known = <Known *>PyMem_Calloc(KNOWN, sizeof(Known))
        value = self._value(levels)
        if self._cursor.at != self._cursor.end:
            return UNUSUAL
        return value

    cdef object _value(self, Py_ssize_t depth):
        """Return the value that comes next, and pass the blank behind a container."""
        cdef unsigned char first = here(&self._cursor)
        self._left -= 1
        if self._left < 0:
            raise too_many(self._max_elements)
        if first == 39 or first == 34:
            return self._string()
        if first == 40 or first == 91 or first == 123:
            if first == 40 and self._is_number():
                return self._complex(depth)
            return self._container(first, depth)
        return atom(&self._cursor)

    cdef object _string(self):
        """Return a string, the same as before if it was there before."""
        cdef bint escaped = False
        cdef const unsigned char *start = self._cursor.at + 1
        cdef const unsigned char *stop
        cdef Py_ssize_t size
        cdef Known *known
        if self._known == NULL:
            return string(&self._cursor)
        stop = closing(start, self._cursor.end, self._cursor.at[0], &escaped)
        if stop == NULL:
            return UNUSUAL
        size = stop - start
        if escaped or size > KNOWN_SIZE or size == 0:
            return string(&self._cursor)
        self._cursor.at = stop + 1
        known = &self._known[
            (start[0] * 31 + start[size // 2] * 7 + start[size - 1] * 3 + size) & (KNOWN - 1)
        ]
        if known.size == size and not memcmp(known.start, start, size):
            return <object>known.string
        text = PyUnicode_DecodeUTF8(<const char *>start, size, NULL)
        Py_XDECREF(known.string)
        Py_INCREF(text)
        known.string = <PyObject *>text
        known.start = start
        known.size = size
        return text

    cdef bint _is_number(self) noexcept:
        """Tell whether behind the bracket there may be a complex number."""
        cdef const unsigned char *at = self._cursor.at + 1
        return at < self._cursor.end and (48 <= at[0] <= 57 or at[0] == 45)

    cdef object _complex(self, Py_ssize_t depth):
        cdef Cursor ahead = self._cursor
        cdef unsigned char sign
        ahead.at += 1
        if number(&ahead) is not UNUSUAL:
            sign = here(&ahead)
            if sign == 43 or sign == 45:
                ahead.at += 1
                if here(&ahead) != 45 and number(&ahead) is not UNUSUAL and word(&ahead, b"j)", 2):
                    text = self._cursor.at[:ahead.at - self._cursor.at]
                    self._cursor = ahead
                    return complex(text.decode("ascii"))
        return self._container(40, depth)

    cdef object _container(self, unsigned char opening, Py_ssize_t depth):
        if depth <= 0:
            raise SerializeError(f"nested deeper than {self._max_depth} levels")
        enter(b" while reading", self._stack)
        try:
            take(&self._cursor, opening)
            if opening == 123:
                return self._braces(depth - 1)
            if opening == 91:
                return self._items([], 93, depth - 1)
            items = self._items([], 41, depth - 1)
            return UNUSUAL if items is UNUSUAL else tuple(items)
        finally:
            Py_LeaveRecursiveCall()

    cdef object _items(self, list items, unsigned char closing, Py_ssize_t depth):
        while not take(&self._cursor, closing):
            value = self._value(depth)
            if value is UNUSUAL:
                return UNUSUAL
            items.append(value)
            if not take(&self._cursor, 44):
                if closing == 41 and len(items) == 1:
                    return UNUSUAL
                return items if take(&self._cursor, closing) else UNUSUAL
        return items

    cdef object _braces(self, Py_ssize_t depth):
        cdef dict mapping = {}
        cdef Py_ssize_t unseen = 0
        crowd = None
        while not take(&self._cursor, 125):
            key = self._value(depth)
            if key is UNUSUAL:
                return UNUSUAL
            if not take(&self._cursor, 58):
                return UNUSUAL if mapping else self._set(key, depth)
            value = self._value(depth)
            if value is UNUSUAL:
                return UNUSUAL
            mapping[key] = value
            unseen += 1
            if unseen == STEP:
                unseen = 0
                if crowd is None:
                    crowd = Crowd()
                crowd.look(mapping)
            if not take(&self._cursor, 44):
                if not take(&self._cursor, 125):
                    return UNUSUAL
                break
        if crowd is not None:
            crowd.look(mapping)
        return self._finished(mapping) if "__class__" in mapping else mapping

    cdef object _set(self, object first, Py_ssize_t depth):
        cdef list items = [first]
        if take(&self._cursor, 44):
            if self._items(items, 125, depth) is UNUSUAL:
                return UNUSUAL
        elif not take(&self._cursor, 125):
            return UNUSUAL
        check_keys(items)
        return set(items)

    cdef object _finished(self, dict mapping):
        if "__class__" not in mapping:
            return mapping
        if mapping["__class__"] == "float":
            if "value" not in mapping:
                raise SerializeError("malformed float: value missing")
            return float(mapping["value"])
        value = mapping if self._convert is None else self._convert(mapping)
        if value is mapping:
            self.has_forms = True
        return value
