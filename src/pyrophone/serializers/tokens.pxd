# Recursion in C, for scribe too. CPython counts the levels; a thread may have a stack so
# small that fewer are too many, and past its end the process is gone.

cdef extern from *:
    """
    #include <stdint.h>
    #ifdef __linux__
    #include <pthread.h>
    /* The lowest address that may be used here, 0 if that is not known. */
    static uintptr_t stack_end(void) {
        static __thread uintptr_t end;
        static __thread int asked;
        pthread_attr_t attributes;
        void *lowest;
        size_t size, guard;
        if (!asked) {
            asked = 1;
            if (!pthread_getattr_np(pthread_self(), &attributes)) {
                if (!pthread_attr_getstack(&attributes, &lowest, &size)
                        && !pthread_attr_getguardsize(&attributes, &guard))
                    /* What is left is for what runs at the deepest level. */
                    end = (uintptr_t)lowest + guard
                        + (size / 4 < 16384 ? size / 4 : 16384);
                pthread_attr_destroy(&attributes);
            }
        }
        return end;
    }
    #else
    static uintptr_t stack_end(void) { return 0; }
    #endif
    static inline int enter(const char *where, uintptr_t end) {
        char here;
        /* Far below is another stack, of a library that switches them. */
        if ((uintptr_t)&here < end && end - (uintptr_t)&here < 65536) {
            PyErr_Format(PyExc_RecursionError, "stack of the thread used up%s", where);
            return -1;
        }
        return Py_EnterRecursiveCall(where) ? -1 : 0;
    }
    """
    ctypedef size_t uintptr_t
    uintptr_t stack_end() noexcept
    int enter(const char *where, uintptr_t end) except -1

cdef extern from "Python.h":
    void Py_LeaveRecursiveCall()
