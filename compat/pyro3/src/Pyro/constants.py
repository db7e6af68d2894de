"""Numbers and names that programs of Pyro 3 know."""

from __future__ import annotations

from types import MappingProxyType

VERSION = "3.16"

INTERNAL_DAEMON_GUID = "c000000001100000" + "1000000010000001"
NAMESERVER_NAME = ":Pyro.NameServer"
EVENTSERVER_NAME = ":Pyro.EventService"
TRACEBACK_ATTRIBUTE = "remote_stacktrace"

DENIED_UNSPECIFIED = 0
DENIED_SERVERTOOBUSY = 1
DENIED_HOSTBLOCKED = 2
DENIED_SECURITY = 3

deniedReasons = MappingProxyType(
    {
        DENIED_UNSPECIFIED: "unspecified reason",
        DENIED_SERVERTOOBUSY: "server too busy",
        DENIED_HOSTBLOCKED: "host blocked",
        DENIED_SECURITY: "security reasons",
    }
)

RIF_Varargs = 1
RIF_Keywords = 2
RIF_VarargsAndKeywords = 3
RIF_Oneway = 4

NSROLE_SINGLE = 0
NSROLE_PRIMARY = 1
NSROLE_SECONDARY = 2

CFGITEM_PYRO_INITIALIZED = "_PYRO_INITIALIZED"
