"""URIs, proxies, daemons, and what goes with them: the heart of Pyro4.

``__all__`` is that of Pyro4; the other names can be reached, too.
"""

from __future__ import annotations

import logging

from . import constants as constants
from . import errors as errors
from . import futures as futures
from . import message as message
from . import socketutil as socketutil
from . import util as util
from .asynchronous import _AsyncRemoteMethod as _AsyncRemoteMethod
from .asynchronous import asyncproxy
from .batches import _BatchedRemoteMethod as _BatchedRemoteMethod
from .batches import _BatchProxyAdapter as _BatchProxyAdapter
from .batches import batch
from .blobs import SerializedBlob
from .callcontext import _CallContext as _CallContext
from .callcontext import current_context
from .configuration import config as config
from .daemons import Daemon
from .daemons import DaemonObject as DaemonObject
from .daemons import _OnewayCallThread as _OnewayCallThread
from .exposure import behavior, callback, expose, oneway
from .locating import locateNS as _locateNS
from .locating import resolve as _resolve
from .methods import _RemoteMethod as _RemoteMethod
from .proxies import Proxy
from .registry import pyroObjectToAutoProxy as pyroObjectToAutoProxy
from .streams import _StreamResultIterator as _StreamResultIterator
from .uris import URI

__all__ = [
    "URI",
    "Daemon",
    "Proxy",
    "SerializedBlob",
    "_locateNS",
    "_resolve",
    "asyncproxy",
    "batch",
    "behavior",
    "callback",
    "current_context",
    "expose",
    "oneway",
]

log = logging.getLogger("Pyro4.core")
