"""Names, parameters and defaults of every module."""

import importlib
import inspect
import subprocess
import sys

import pytest

import Pyro5.api

LISTS = {
    "api": """config URI locate_ns resolve type_meta current_context Proxy BatchProxy
        SerializedBlob SerializerBase Daemon DaemonObject callback expose behavior oneway
        start_ns start_ns_loop serve register_dict_to_class register_class_to_dict
        unregister_dict_to_class unregister_class_to_dict""",
    "client": "Proxy BatchProxy SerializedBlob",
    "server": "Daemon DaemonObject callback expose behavior oneway serve",
    "nameserver": "start_ns_loop start_ns",
    "serializers": """SerializerBase SerpentSerializer JsonSerializer MarshalSerializer
        MsgpackSerializer serializers serializers_by_id""",
    "compatibility.Pyro4": """config URI Proxy Daemon callback batch asyncproxy oneway expose
        behavior current_context locateNS resolve Future errors""",
}

PARAMETERS = {
    "core": """
        URI(uri)
        resolve(uri, delay_time=0.0)
        locate_ns(host='', port=None, broadcast=True)
        type_meta(class_or_object, prefix='class:')
        _ExceptionWrapper(exception)
    """,
    "client": """
        Proxy(uri, connected_socket=None)
        Proxy._pyroBind(self)
        Proxy._pyroRelease(self)
        Proxy._pyroReconnect(self, tries=100000000)
        Proxy._pyroClaimOwnership(self)
        Proxy._pyroValidateHandshake(self, response)
        Proxy._pyroGetMetadata(self, objectId=None, known_metadata=None)
        Proxy._pyroInvoke(self, methodname, vargs, kwargs, flags=0, objectId=None)
        Proxy._pyroInvokeBatch(self, calls, oneway=False)
        BatchProxy(proxy)
        SerializedBlob(info, data, is_blob=False)
        SerializedBlob.deserialized(self)
        _RemoteMethod(send, name, max_retries)
        _StreamResultIterator(streamId, proxy)
        _StreamResultIterator.close(self)
    """,
    "server": """
        Daemon(host=None, port=0, unixsocket=None, nathost=None, natport=None, interface=DaemonObject, connected_socket=None)
        Daemon.register(self, obj_or_class, objectId=None, force=False, weak=False)
        Daemon.unregister(self, objectOrId)
        Daemon.uriFor(self, objectOrId, nat=True)
        Daemon.proxyFor(self, objectOrId, nat=True)
        Daemon.resetMetadataCache(self, objectOrId, nat=True)
        Daemon.requestLoop(self, loopCondition=...)
        Daemon.events(self, eventsockets)
        Daemon.shutdown(self)
        Daemon.close(self)
        Daemon.combine(self, daemon)
        Daemon.annotations(self)
        Daemon.validateHandshake(self, conn, data)
        Daemon.clientDisconnect(self, conn)
        Daemon.housekeeping(self)
        Daemon.handleRequest(self, conn)
        Daemon._handshake(self, conn, denied_reason=None)
        Daemon.serveSimple(objects, host=None, port=0, daemon=None, ns=True, verbose=True)
        DaemonObject(daemon)
        DaemonObject.registered(self)
        DaemonObject.ping(self)
        DaemonObject.info(self)
        DaemonObject.get_metadata(self, objectId)
        DaemonObject.get_next_stream_item(self, streamId)
        DaemonObject.close_stream(self, streamId)
        serve(objects, host=None, port=0, daemon=None, use_ns=True, verbose=True)
        behavior(instance_mode='session', instance_creator=None)
        expose(method_or_class)
        oneway(method)
        callback(method)
        is_private_attribute(attr_name)
        _get_exposed_members(obj, only_exposed=True)
        _reset_exposed_members(obj, only_exposed=True)
        _get_attribute(obj, attr)
        _get_exposed_property_value(obj, propname, only_exposed=True)
        _set_exposed_property_value(obj, propname, value, only_exposed=True)
        _pyro_obj_to_auto_proxy(obj)
    """,
    "errors": """
        format_traceback(ex_type=None, ex_value=None, ex_tb=None, detailed=False)
        get_pyro_traceback(ex_type=None, ex_value=None, ex_tb=None)
        excepthook(ex_type, ex_value, ex_tb)
    """,
    "protocol": """
        SendingMessage(msgtype, flags, seq, serializer_id, payload, annotations=None)
        SendingMessage.ping(pyroConnection)
        ReceivingMessage(header, payload=None)
        ReceivingMessage.add_payload(self, payload)
        ReceivingMessage.validate(data)
        recv_stub(connection, accepted_msgtypes=None)
        log_wiredata(logger, text, msg)
    """,
    "serializers": """
        SerializerBase.loads(self, data)
        SerializerBase.dumps(self, data)
        SerializerBase.dumpsCall(self, obj, method, vargs, kwargs)
        SerializerBase.loadsCall(self, data)
        SerializerBase.register_class_to_dict(clazz, converter, serpent_too=True)
        SerializerBase.register_dict_to_class(classname, converter)
        SerializerBase.unregister_class_to_dict(clazz)
        SerializerBase.unregister_dict_to_class(classname)
        SerializerBase.class_to_dict(obj)
        SerializerBase.dict_to_class(data)
        SerializerBase.recreate_classes(self, literal)
        SerializerBase.make_exception(exceptiontype, data)
        SerializerBase.register_type_replacement(object_type, replacement_function)
        MsgpackSerializer.default(self, obj)
        MsgpackSerializer.object_hook(self, obj)
        MsgpackSerializer.ext_hook(self, code, data)
    """,
    "socketutil": """
        get_ip_address(hostname, workaround127=False, version=None)
        get_interface(ip_address)
        create_socket(bind=None, connect=None, reuseaddr=False, keepalive=True, timeout=-1, noinherit=False, ipv6=False, nodelay=True, sslContext=None)
        create_bc_socket(bind=None, reuseaddr=False, timeout=-1, ipv6=False)
        receive_data(sock, size)
        send_data(sock, data)
        set_reuseaddr(sock)
        set_nodelay(sock)
        set_keepalive(sock)
        set_noinherit(sock)
        family_str(sock)
        bind_unused_port(sock, host='localhost')
        interrupt_socket(address)
        get_ssl_context(servercert='', serverkey='', clientcert='', clientkey='', cacerts='', keypassword='')
        SocketConnection(sock, objectId=None, keep_open=False)
        SocketConnection.recv(self, size)
        SocketConnection.send(self, data)
        SocketConnection.settimeout(self, timeout)
    """,
    "nameserver": """
        NameServer(storageProvider=None)
        NameServer.register(self, name, uri, safe=False, metadata=None)
        NameServer.lookup(self, name, return_metadata=False)
        NameServer.set_metadata(self, name, metadata)
        NameServer.remove(self, name=None, prefix=None, regex=None)
        NameServer.list(self, prefix=None, regex=None, return_metadata=False)
        NameServer.yplookup(self, meta_all=None, meta_any=None, return_metadata=True)
        NameServer.count(self)
        NameServer.ping(self)
        NameServerDaemon(host=None, port=None, unixsocket=None, nathost=None, natport=None, storage=None)
        BroadcastServer(nsUri, bchost=None, bcport=None, ipv6=False)
        AutoCleaner(nameserver)
        SqlStorage(dbfile)
        lookup(nameserver, name, return_metadata=False, delay_time=0)
        yplookup(nameserver, meta_all=None, meta_any=None, return_metadata=True, delay_time=0)
        start_ns(host=None, port=None, enableBroadcast=True, bchost=None, bcport=None, unixsocket=None, nathost=None, natport=None, storage=None)
        start_ns_loop(host=None, port=None, enableBroadcast=True, bchost=None, bcport=None, unixsocket=None, nathost=None, natport=None, storage=None, loopCondition=...)
        main(args=None)
    """,
    "nsc": """
        handle_command(namesrv, cmd, args)
        main(args=None)
    """,
    "configure": """
        Configuration()
        Configuration.reset(self, use_environment=True)
        Configuration.copy(self)
        Configuration.as_dict(self)
        Configuration.dump(self)
        dump()
    """,
    "svr_threads": """
        Pool.process(self, job)
        Pool.close(self)
        SocketServer_Threadpool.init(self, daemon, host, port, unixsocket=None)
        SocketServer_Threadpool.loop(self, loopCondition=...)
        SocketServer_Threadpool.events(self, eventsockets)
        SocketServer_Threadpool.combine_loop(self, server)
        SocketServer_Threadpool.close(self)
        SocketServer_Threadpool.shutdown(self)
        SocketServer_Threadpool.wakeup(self)
        Worker(pool)
        ClientConnectionJob(clientSocket, clientAddr, daemon)
        Housekeeper(daemon)
    """,
    "svr_multiplex": """
        SocketServer_Multiplex.init(self, daemon, host, port, unixsocket=None)
        SocketServer_Multiplex.loop(self, loopCondition=...)
        SocketServer_Multiplex.events(self, eventsockets)
        SocketServer_Multiplex.combine_loop(self, server)
        SocketServer_Multiplex.close(self)
        SocketServer_Multiplex.shutdown(self)
        SocketServer_Multiplex.wakeup(self)
    """,
    "svr_existingconn": """
        SocketServer_ExistingConnection.init(self, daemon, connected_socket)
        SocketServer_ExistingConnection.loop(self, loopCondition=...)
        SocketServer_ExistingConnection.events(self, eventsockets)
        SocketServer_ExistingConnection.combine_loop(self, server)
        SocketServer_ExistingConnection.close(self)
        SocketServer_ExistingConnection.shutdown(self)
    """,
    "utils.echoserver": """
        NameServer(hostname)
        start_nameserver(host)
        main(args=None, returnWithoutLooping=False)
        EchoServer.echo(self, message)
        EchoServer.oneway_echo(self, message)
        EchoServer.error(self)
        EchoServer.error_with_text(self)
        EchoServer.slow(self)
        EchoServer.generator(self)
        EchoServer.nan(self)
        EchoServer.inf(self)
        EchoServer.oneway_slow(self)
        EchoServer.shutdown(self)
        EchoServer.__dunder__(self)
    """,
    "utils.httpgateway": """
        pyro_app(environ, start_response)
        get_nameserver()
        process_pyro_request(environ, path, parameters, start_response)
        return_homepage(environ, start_response)
        redirect(start_response, target)
        not_found(start_response)
        invalid_request(start_response)
        option_request(start_response)
        cors_response_header(header, cors)
        singlyfy_parameters(parameters)
        main(args=None)
    """,
    "compatibility.Pyro4": """
        locateNS(host=None, port=None, broadcast=True, hmac_key=None)
        resolve(uri, hmac_key=None)
        batch(proxy)
        Proxy(uri, connected_socket=None)
        URI(uri)
    """,
}


def cases():
    for module, lines in PARAMETERS.items():
        for line in lines.strip().splitlines():
            name, _, shape = line.strip().partition("(")
            yield pytest.param(module, name, shape[:-1], id=f"{module}.{name}")


def shape(callable_):
    """Return names and defaults of the parameters, without types."""
    found = []
    for parameter in inspect.signature(callable_).parameters.values():
        default = parameter.default
        if default is parameter.empty:
            found.append(parameter.name)
        else:
            text = (
                "..." if inspect.isfunction(default) else getattr(default, "__name__", None)
            )
            found.append(f"{parameter.name}={text or repr(default)}")
    return ", ".join(found)


@pytest.mark.parametrize(("module", "name", "expected"), list(cases()))
def test_parameters(module, name, expected):
    thing = importlib.import_module(f"Pyro5.{module}")
    for part in name.split("."):
        thing = getattr(thing, part)
    assert shape(thing) == expected


@pytest.mark.parametrize("module", LISTS)
def test_all(module):
    found = importlib.import_module(f"Pyro5.{module}")
    assert set(found.__all__) >= set(LISTS[module].split())
    for name in found.__all__:
        assert hasattr(found, name)


def test_api_has_exactly_these():
    assert sorted(Pyro5.api.__all__) == sorted(LISTS["api"].split())


@pytest.mark.parametrize(
    ("name", "home"),
    [
        *((name, "core") for name in ("URI", "locate_ns", "resolve", "type_meta")),
        *((name, "client") for name in ("Proxy", "BatchProxy", "SerializedBlob")),
        *((name, "server") for name in LISTS["server"].split()),
        *((name, "nameserver") for name in ("start_ns", "start_ns_loop")),
        ("SerializerBase", "serializers"),
        ("current_context", "callcontext"),
    ],
)
def test_api_has_the_same_objects_as_their_homes(name, home):
    assert getattr(Pyro5.api, name) is getattr(
        importlib.import_module(f"Pyro5.{home}"), name
    )


@pytest.mark.parametrize(
    "name",
    [
        "register_dict_to_class",
        "register_class_to_dict",
        "unregister_dict_to_class",
        "unregister_class_to_dict",
    ],
)
def test_registering_functions_are_those_of_the_serializers(name):
    assert getattr(Pyro5.api, name) == getattr(Pyro5.api.SerializerBase, name)


def test_the_one_configuration():
    import Pyro5.configure

    assert Pyro5.config is Pyro5.api.config
    assert Pyro5.config is Pyro5.configure.global_config
    assert Pyro5.api.__version__ == Pyro5.__version__


@pytest.mark.parametrize("name", ["Proxy", "constants", "current_context", "Daemon"])
def test_the_package_itself_has_no(name):
    assert not hasattr(Pyro5, name)


def test_core_has_no_proxy():
    assert not hasattr(Pyro5.core, "Proxy")
    assert not hasattr(Pyro5.core, "Daemon")
    assert Pyro5.core.DAEMON_NAME == "Pyro.Daemon"
    assert Pyro5.core.NAMESERVER_NAME == "Pyro.NameServer"


@pytest.mark.parametrize(
    "name",
    [
        "core",
        "client",
        "server",
        "nameserver",
        "serializers",
        "callcontext",
        "errors",
        "protocol",
        "socketutil",
        "configure",
    ],
)
def test_after_the_api_these_are_reachable(name):
    code = f"import Pyro5.api; Pyro5.{name}.__name__"
    if name in {"core", "protocol"}:  # two in a process of their own, the others here
        subprocess.run([sys.executable, "-c", code], check=True)
    assert inspect.ismodule(getattr(Pyro5, name))


@pytest.mark.parametrize(
    ("name", "parent"),
    [
        ("PyroError", Exception),
        ("NamingError", "PyroError"),
        ("DaemonError", "PyroError"),
        ("SecurityError", "PyroError"),
        ("CommunicationError", "PyroError"),
        ("ConnectionClosedError", "CommunicationError"),
        ("TimeoutError", "CommunicationError"),
        ("ProtocolError", "CommunicationError"),
        ("MessageTooLargeError", "ProtocolError"),
        ("SerializeError", "ProtocolError"),
    ],
)
def test_errors(name, parent):
    error = getattr(Pyro5.errors, name)
    if isinstance(parent, str):
        parent = getattr(Pyro5.errors, parent)
    assert parent in error.__mro__
    assert error.__module__ == "Pyro5.errors"


def test_timeouts_are_a_class_of_their_own():
    assert Pyro5.errors.TimeoutError is not TimeoutError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MSG_CONNECT", 1),
        ("MSG_CONNECTOK", 2),
        ("MSG_CONNECTFAIL", 3),
        ("MSG_INVOKE", 4),
        ("MSG_RESULT", 5),
        ("MSG_PING", 6),
        ("FLAGS_EXCEPTION", 1),
        ("FLAGS_COMPRESSED", 2),
        ("FLAGS_ONEWAY", 4),
        ("FLAGS_BATCH", 8),
        ("FLAGS_ITEMSTREAMRESULT", 16),
        ("FLAGS_KEEPSERIALIZED", 32),
        ("FLAGS_CORR_ID", 64),
        ("PROTOCOL_VERSION", 502),
        ("_header_size", 40),
    ],
)
def test_protocol_numbers(name, value):
    assert getattr(Pyro5.protocol, name) == value


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (
            "svr_threads",
            "PoolError NoFreeWorkersError ClientConnectionJob Housekeeper Worker",
        ),
        ("socketutil", "ERRNO_RETRIES ERRNO_BADF ERRNO_ENOTSOCK USE_MSG_WAITALL"),
        ("socketutil", "ERRNO_EADDRNOTAVAIL ERRNO_EADDRINUSE find_probably_unused_port"),
        ("server", "_default_methodcall_error_handler _OnewayCallThread"),
        ("client", "_BatchedRemoteMethod"),
        ("serializers", "all_exceptions"),
        ("nameserver", "MemoryStorage"),
        ("compatibility.Pyro4", "BatchProxy util socketutil constants naming core message"),
    ],
)
def test_further_names(module, names):
    found = importlib.import_module(f"Pyro5.{module}")
    assert [name for name in names.split() if not hasattr(found, name)] == []


def test_pool_errors():
    from Pyro5.svr_threads import NoFreeWorkersError, PoolError

    assert issubclass(NoFreeWorkersError, PoolError)
    assert PoolError.__bases__ == (Exception,)
