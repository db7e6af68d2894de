"""Names, parameters and defaults of every module."""

import importlib
import inspect

import pytest

# What programs may give; ours may take more than that, behind it.
PARAMETERS = {
    "core": """
        URI(uri)
        Proxy(uri, connected_socket=None)
        Proxy._pyroBind(self)
        Proxy._pyroRelease(self)
        Proxy._pyroReconnect(self, tries=100000000)
        Proxy._pyroBatch(self)
        Proxy._pyroInvoke(self, methodname, vargs, kwargs, flags=0, objectId=None)
        Proxy._pyroInvokeBatch(self, calls, oneway=False)
        Proxy._pyroGetMetadata(self, objectId=None, known_metadata=None)
        Proxy._pyroAnnotations(self)
        Proxy._pyroResponseAnnotations(self, annotations, msgtype)
        Proxy._pyroValidateHandshake(self, response)
        Daemon(host=None, port=0, unixsocket=None, nathost=None, natport=None, interface=DaemonObject, connected_socket=None)
        Daemon.register(self, obj_or_class, objectId=None, force=False)
        Daemon.unregister(self, objectOrId)
        Daemon.uriFor(self, objectOrId, nat=True)
        Daemon.proxyFor(self, objectOrId, nat=True)
        Daemon.resetMetadataCache(self, objectOrId, nat=True)
        Daemon.requestLoop(self, loopCondition=...)
        Daemon.events(self, eventsockets)
        Daemon.combine(self, daemon)
        Daemon.shutdown(self)
        Daemon.close(self)
        Daemon.validateHandshake(self, conn, data)
        Daemon.clientDisconnect(self, conn)
        Daemon.annotations(self)
        Daemon.housekeeping(self)
        Daemon.handleRequest(self, conn)
        Daemon._handshake(self, conn, denied_reason=None)
        Daemon.serveSimple(objects, host=None, port=0, daemon=None, ns=True, verbose=True)
        DaemonObject(daemon)
        DaemonObject.registered(self)
        DaemonObject.ping(self)
        DaemonObject.info(self)
        DaemonObject.get_metadata(self, objectId, as_lists=False)
        DaemonObject.get_next_stream_item(self, streamId)
        DaemonObject.close_stream(self, streamId)
        expose(method_or_class)
        oneway(method)
        callback(method)
        behavior(instance_mode='session', instance_creator=None)
        batch(proxy)
        SerializedBlob(info, data, is_blob=False)
        SerializedBlob.deserialized(self)
        _resolve(uri, hmac_key=None)
        _locateNS(host=None, port=None, broadcast=True, hmac_key=None)
        pyroObjectToAutoProxy(obj)
        _RemoteMethod(send, name, max_retries)
        _StreamResultIterator(streamId, proxy)
        _BatchProxyAdapter(proxy)
        _BatchedRemoteMethod(calls, name)
        _AsyncRemoteMethod(proxy, name, max_retries)
        _OnewayCallThread(target, args, kwargs)
        _CallContext()
        _CallContext.to_global(self)
        _CallContext.from_global(self, values)
        _CallContext.track_resource(self, resource)
        _CallContext.untrack_resource(self, resource)
        URI.asString(self)
        URI.isUnixsockLocation(location)
        Daemon._getInstance(self, clazz, conn)
        _StreamResultIterator.close(self)
        _StreamResultIterator.next(self)
        _RemoteMethod.__call__(self, *args, **kwargs)
        Daemon._clientDisconnect(self, conn)
        Daemon._housekeeping(self)
    """,
    "naming": """
        locateNS(host=None, port=None, broadcast=True, hmac_key=None)
        resolve(uri, hmac_key=None)
        startNS(host=None, port=None, enableBroadcast=True, bchost=None, bcport=None, unixsocket=None, nathost=None, natport=None, storage=None, hmac=None)
        startNSloop(host=None, port=None, enableBroadcast=True, bchost=None, bcport=None, unixsocket=None, nathost=None, natport=None, storage=None, hmac=None)
        type_meta(class_or_object, prefix='class:')
        main(args=None)
        NameServer(storageProvider=None)
        NameServer.count(self)
        NameServer.lookup(self, name, return_metadata=False)
        NameServer.register(self, name, uri, safe=False, metadata=None)
        NameServer.set_metadata(self, name, metadata)
        NameServer.remove(self, name=None, prefix=None, regex=None)
        NameServer.list(self, prefix=None, regex=None, metadata_all=None, metadata_any=None, return_metadata=False)
        NameServer.ping(self)
        NameServerDaemon(host=None, port=None, unixsocket=None, nathost=None, natport=None, storage=None)
        BroadcastServer(nsUri, bchost=None, bcport=None, ipv6=False)
        BroadcastServer.close(self)
        BroadcastServer.getPort(self)
        BroadcastServer.fileno(self)
        BroadcastServer.runInThread(self)
        BroadcastServer.processRequest(self)
        AutoCleaner(nameserver)
        MemoryStorage(**kwargs)
        MemoryStorage.optimized_prefix_list(self, prefix, return_metadata=False)
        MemoryStorage.optimized_regex_list(self, regex, return_metadata=False)
        MemoryStorage.optimized_metadata_search(self, metadata_all=None, metadata_any=None, return_metadata=False)
        MemoryStorage.everything(self, return_metadata=False)
        MemoryStorage.remove_items(self, items)
        MemoryStorage.close(self)
    """,
    "naming_storage": """
        SqlStorage(dbfile)
        SqlStorage.optimized_prefix_list(self, prefix, return_metadata=False)
        SqlStorage.optimized_regex_list(self, regex, return_metadata=False)
        SqlStorage.optimized_metadata_search(self, metadata_all=None, metadata_any=None, return_metadata=False)
        SqlStorage.everything(self, return_metadata=False)
        SqlStorage.remove_items(self, items)
        SqlStorage.close(self)
        SqlStorage.clear(self)
        DbmStorage(dbmfile)
        DbmStorage.optimized_prefix_list(self, prefix, return_metadata=False)
        DbmStorage.optimized_regex_list(self, regex, return_metadata=False)
        DbmStorage.optimized_metadata_search(self, metadata_all=None, metadata_any=None, return_metadata=False)
        DbmStorage.everything(self, return_metadata=False)
        DbmStorage.remove_items(self, items)
        DbmStorage.close(self)
        DbmStorage.clear(self)
    """,
    "util": """
        getPyroTraceback(ex_type=None, ex_value=None, ex_tb=None)
        formatTraceback(ex_type=None, ex_value=None, ex_tb=None, detailed=False)
        excepthook(ex_type, ex_value, ex_tb)
        get_serializer(name)
        get_serializer_by_id(sid)
        getAttribute(obj, attr)
        get_exposed_members(obj, only_exposed=True, as_lists=False, use_cache=True)
        reset_exposed_members(obj, only_exposed=True, as_lists=False)
        get_exposed_property_value(obj, propname, only_exposed=True)
        set_exposed_property_value(obj, propname, value, only_exposed=True)
        is_private_attribute(attr_name)
        fixIronPythonExceptionForPickle(exceptionObject, addAttributes)
        SerializerBase.serializeData(self, data, compress=False)
        SerializerBase.deserializeData(self, data, compressed=False)
        SerializerBase.serializeCall(self, obj, method, vargs, kwargs, compress=False)
        SerializerBase.deserializeCall(self, data, compressed=False)
        SerializerBase.loads(self, data)
        SerializerBase.dumps(self, data)
        SerializerBase.loadsCall(self, data)
        SerializerBase.dumpsCall(self, obj, method, vargs, kwargs)
        SerializerBase.register_class_to_dict(clazz, converter, serpent_too=True)
        SerializerBase.unregister_class_to_dict(clazz)
        SerializerBase.register_dict_to_class(classname, converter)
        SerializerBase.unregister_dict_to_class(classname)
        SerializerBase.class_to_dict(obj)
        SerializerBase.dict_to_class(data)
        SerializerBase.make_exception(exceptiontype, data)
        SerializerBase.recreate_classes(self, literal)
        SerializerBase.register_type_replacement(object_type, replacement_function)
        SerpentSerializer.register_type_replacement(object_type, replacement_function)
        PickleSerializer.register_type_replacement(object_type, replacement_function)
        MsgpackSerializer.default(self, obj)
        MsgpackSerializer.object_hook(self, obj)
        MsgpackSerializer.ext_hook(self, code, data)
        MarshalSerializer.class_to_dict(obj)
    """,
    "socketutil": """
        getIpVersion(hostnameOrAddress)
        getIpAddress(hostname, workaround127=False, ipVersion=None)
        getInterfaceAddress(ip_address)
        receiveData(sock, size)
        sendData(sock, data)
        createSocket(bind=None, connect=None, reuseaddr=False, keepalive=True, timeout=..., noinherit=False, ipv6=False, nodelay=True, sslContext=None)
        createBroadcastSocket(bind=None, reuseaddr=False, timeout=..., ipv6=False)
        setReuseAddr(sock)
        setNoDelay(sock)
        setKeepalive(sock)
        setNoInherit(sock)
        SocketConnection(sock, objectId=None, keep_open=False)
        SocketConnection.send(self, data)
        SocketConnection.recv(self, size)
        SocketConnection.close(self)
        SocketConnection.fileno(self)
        SocketConnection.family(self)
        SocketConnection.setTimeout(self, timeout)
        SocketConnection.getTimeout(self)
        SocketConnection.getpeercert(self)
        family_str(sock)
        findProbablyUnusedPort(family=<AddressFamily.AF_INET: 2>, socktype=<SocketKind.SOCK_STREAM: 1>)
        bindOnUnusedPort(sock, host='localhost')
        interruptSocket(address)
        getSSLcontext(servercert='', serverkey='', clientcert='', clientkey='', cacerts='', keypassword='')
    """,
    "message": """
        Message(msgType, databytes, serializer_id, flags, seq, annotations=None, hmac_key=None)
        Message.to_bytes(self)
        Message.send(self, connection)
        Message.hmac(self)
        Message.decompress_if_needed(self)
        Message.from_header(headerData)
        Message.recv(connection, requiredMsgTypes=None, hmac_key=None)
        Message.ping(pyroConnection, hmac_key=None)
        secure_compare(a, b)
    """,
    "futures": """
        Future(somecallable)
        Future.delay(self, seconds)
        Future.cancel(self)
        Future.then(self, call, *args, **kwargs)
        Future.iferror(self, exceptionhandler)
        Future.__call__(self, *args, **kwargs)
        FutureResult()
        FutureResult.wait(self, timeout=None)
        FutureResult.get_value(self)
        FutureResult.set_value(self, value)
        FutureResult.set_cancelled(self)
        FutureResult.then(self, call, *args, **kwargs)
        FutureResult.iferror(self, exceptionhandler)
        _ExceptionWrapper(exception)
        _ExceptionWrapper.raiseIt(self)
    """,
    "configuration": """
        Configuration()
        Configuration.reset(self, useenvironment=True)
        Configuration.asDict(self)
        Configuration.parseAddressesString(self, addresses)
        Configuration.dump(self)
        main()
    """,
    "socketserver.threadpoolserver": """
        SocketServer_Threadpool()
        SocketServer_Threadpool.init(self, daemon, host, port, unixsocket=None)
        SocketServer_Threadpool.loop(self, loopCondition=...)
        SocketServer_Threadpool.events(self, eventsockets)
        SocketServer_Threadpool.shutdown(self)
        SocketServer_Threadpool.close(self)
        SocketServer_Threadpool.wakeup(self)
        SocketServer_Threadpool.combine_loop(self, server)
        ClientConnectionJob(clientSocket, clientAddr, daemon)
        Housekeeper(daemon)
    """,
    "socketserver.multiplexserver": """
        SocketServer_Multiplex()
        SocketServer_Multiplex.init(self, daemon, host, port, unixsocket=None)
        SocketServer_Multiplex.loop(self, loopCondition=...)
        SocketServer_Multiplex.events(self, eventsockets)
        SocketServer_Multiplex.shutdown(self)
        SocketServer_Multiplex.close(self)
        SocketServer_Multiplex.wakeup(self)
        SocketServer_Multiplex.combine_loop(self, server)
        SocketServer_Multiplex.handleRequest(self, conn)
    """,
    "socketserver.existingconnectionserver": """
        SocketServer_ExistingConnection()
        SocketServer_ExistingConnection.init(self, daemon, connected_socket)
        SocketServer_ExistingConnection.loop(self, loopCondition=...)
        SocketServer_ExistingConnection.events(self, eventsockets)
        SocketServer_ExistingConnection.shutdown(self)
        SocketServer_ExistingConnection.close(self)
        SocketServer_ExistingConnection.combine_loop(self, server)
        SocketServer_ExistingConnection.handleRequest(self)
    """,
    "socketserver.threadpool": """
        Pool()
        Pool.process(self, job)
        Pool.close(self)
        Pool.num_workers(self)
        Pool.notify_done(self, worker)
        Worker(pool)
        Worker.process(self, job)
    """,
    "nsc": """
        handleCommand(nameserver, options, args)
        main(args=None)
    """,
    "test.echoserver": """
        EchoServer()
        NameServer(hostname, hmac=None)
        startNameServer(host, hmac=None)
        main(args=None, returnWithoutLooping=False)
        EchoServer.echo(self, message)
        EchoServer.error(self)
        EchoServer.error_with_text(self)
        EchoServer.oneway_echo(self, message)
        EchoServer.slow(self)
        EchoServer.oneway_slow(self)
        EchoServer.generator(self)
        EchoServer.nan(self)
        EchoServer.inf(self)
        EchoServer.shutdown(self)
    """,
    "utils.flame": """
        FlameModule(flameserver, module)
        FlameBuiltin(flameserver, builtin)
        RemoteInteractiveConsole(remoteconsoleuri)
        RemoteInteractiveConsole.interact(self)
        RemoteInteractiveConsole.close(self)
        RemoteInteractiveConsole.terminate(self)
        Flame()
        Flame.module(self, name)
        Flame.builtin(self, name)
        Flame.execute(self, code)
        Flame.evaluate(self, expression)
        Flame.sendmodule(self, modulename, modulesource)
        Flame.getmodule(self, modulename)
        Flame.sendfile(self, filename, filedata)
        Flame.getfile(self, filename)
        Flame.console(self)
        start(daemon)
        connect(location, hmac_key=None)
        createModule(name, source, filename='<dynamic-module>', namespace=None)
    """,
    "utils.flameserver": """
        main(args=None, returnWithoutLooping=False)
    """,
    "utils.httpgateway": """
        pyro_app(environ, start_response)
        main(args=None)
        invalid_request(start_response)
        not_found(start_response)
        redirect(start_response, target)
        return_homepage(environ, start_response)
        process_pyro_request(environ, path, parameters, start_response)
        singlyfy_parameters(parameters)
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
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
        if default is parameter.empty:
            found.append(stars.get(parameter.kind, "") + parameter.name)
        elif inspect.isfunction(default) or type(default) is object:
            found.append(f"{parameter.name}=...")
        else:
            found.append(
                f"{parameter.name}={getattr(default, '__name__', None) or repr(default)}"
            )
    return ", ".join(found)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(("module", "name", "expected"), list(cases()))
def test_parameters(module, name, expected):
    thing = importlib.import_module(f"Pyro4.{module}")
    for part in name.split("."):
        thing = getattr(thing, part)
    assert shape(thing) == expected


@pytest.mark.parametrize(
    "call",
    ["core.Proxy._pyroAsync", "core.asyncproxy", "core._BatchProxyAdapter.__call__"],
)
def test_asynchronous_is_a_keyword(call):
    module, _, name = call.partition(".")
    thing = importlib.import_module(f"Pyro4.{module}")
    for part in name.split("."):
        thing = getattr(thing, part)
    assert "asynchronous" in inspect.signature(thing).parameters


# What modules have besides, and programs reach through them.
INNER = {
    "core": "config constants errors futures message socketutil util log",
    "naming": "constants core socketutil NamingError ProtocolError log",
    "naming_storage": "log",
    "nsc": "errors",
    "util": "errors log json",
    "futures": "log",
    "message": "constants errors",
    "socketutil": "config CommunicationError ConnectionClosedError TimeoutError",
    "socketserver.threadpool": "config",
    "socketserver.threadpoolserver": "config",
    "socketserver.multiplexserver": "config",
    "socketserver.existingconnectionserver": "config",
}


@pytest.mark.parametrize("name", INNER)
def test_what_modules_have_of_others(name):
    module = importlib.import_module(f"Pyro4.{name}")
    for inner in INNER[name].split():
        thing = getattr(module, inner)
        if inner in ("config", "constants", "errors", "futures", "message", "util"):
            assert thing is getattr(importlib.import_module("Pyro4"), inner)
        elif inner == "log":
            assert thing.name == f"Pyro4.{name}"


def test_a_daemon_tells_whether_it_ends():
    core = importlib.import_module("Pyro4.core")
    daemon = core.Daemon()
    assert daemon._shutting_down is False
    assert daemon.__getstate_for_dict__() == ()
    daemon.shutdown()
    assert daemon._shutting_down is True
