"""The configuration: items, defaults, the environment, the dump, logging."""

import copy
import os
import pickle
import subprocess
import sys

import pytest

import Pyro4
from Pyro4 import config, configuration, constants

DEFAULTS = {
    "HOST": "localhost",
    "NS_HOST": "localhost",
    "NS_PORT": 9090,
    "NS_BCPORT": 9091,
    "NS_BCHOST": None,
    "NS_AUTOCLEAN": 0.0,
    "NATHOST": None,
    "NATPORT": 0,
    "COMPRESSION": False,
    "SERVERTYPE": "thread",
    "COMMTIMEOUT": 0.0,
    "POLLTIMEOUT": 2.0,
    "ONEWAY_THREADED": True,
    "DETAILED_TRACEBACK": False,
    "SOCK_REUSE": True,
    "SOCK_NODELAY": False,
    "PREFER_IP_VERSION": 4,
    "THREADPOOL_SIZE": 40,
    "THREADPOOL_SIZE_MIN": 4,
    "AUTOPROXY": True,
    "PICKLE_PROTOCOL_VERSION": pickle.HIGHEST_PROTOCOL,
    "BROADCAST_ADDRS": "<broadcast>, 0.0.0.0",
    "MAX_MESSAGE_SIZE": 0,
    "FLAME_ENABLED": False,
    "SERIALIZER": "serpent",
    "SERIALIZERS_ACCEPTED": {"serpent", "marshal", "json"},
    "LOGWIRE": False,
    "METADATA": True,
    "USE_MSG_WAITALL": True,
    "JSON_MODULE": "json",
    "MAX_RETRIES": 0,
    "ITER_STREAMING": True,
    "ITER_STREAM_LIFETIME": 0.0,
    "ITER_STREAM_LINGER": 30.0,
    "SSL": False,
    "SSL_SERVERCERT": "",
    "SSL_SERVERKEY": "",
    "SSL_SERVERKEYPASSWD": "",
    "SSL_REQUIRECLIENTCERT": False,
    "SSL_CLIENTCERT": "",
    "SSL_CLIENTKEY": "",
    "SSL_CLIENTKEYPASSWD": "",
    "SSL_CACERTS": "",
}
# Whose default depends: on what is installed, and on where a daemon listens.
OTHERS = ["DILL_PROTOCOL_VERSION", "REQUIRE_EXPOSE"]


@pytest.mark.parametrize("name", DEFAULTS)
def test_default(name):
    fresh = configuration.Configuration()
    fresh.reset(False)
    assert type(getattr(fresh, name)) is type(DEFAULTS[name])
    assert getattr(fresh, name) == DEFAULTS[name]


def test_defaults_that_depend():
    assert config.REQUIRE_EXPOSE
    assert type(config.DILL_PROTOCOL_VERSION) is int


def test_there_are_exactly_these():
    assert sorted(config.asDict()) == sorted([*DEFAULTS, *OTHERS])
    assert len(config.asDict()) == 45


@pytest.mark.parametrize("name", ["NOSUCHITEM", "LOGFILE", "LOGLEVEL", "NS_LOOKUP_DELAY"])
def test_other_names_cannot_be_assigned(name):
    with pytest.raises(AttributeError):
        setattr(config, name, 42)
    with pytest.raises(AttributeError):
        getattr(config, name)


def test_values_are_not_checked():
    config.COMPRESSION = "perhaps"
    assert config.COMPRESSION == "perhaps"


def test_as_dict_is_a_new_one():
    first = config.asDict()
    first["HOST"] = "elsewhere"
    assert config.asDict()["HOST"] == "localhost"


def test_the_accepted_serializers_are_a_set_to_add_to():
    config.SERIALIZERS_ACCEPTED.add("pickle")
    assert {"serpent", "marshal", "json", "pickle"} == config.SERIALIZERS_ACCEPTED
    config.reset()
    assert {"serpent", "marshal", "json"} == config.SERIALIZERS_ACCEPTED
    config.SERIALIZERS_ACCEPTED.remove("json")
    assert {
        "serpent",
        "marshal",
        "json",
    } == configuration.Configuration().SERIALIZERS_ACCEPTED


def test_an_instance_of_ones_own():
    other = configuration.Configuration()
    other.NS_PORT = 5555
    assert config.NS_PORT == 9090
    assert other.asDict() != config.asDict()
    assert configuration.config is config is Pyro4.config


def test_a_copy():
    config.NS_PORT = 4444
    copied = copy.copy(config)
    assert isinstance(copied, configuration.Configuration)
    assert copied.asDict() == config.asDict()
    copied.NS_PORT = 5555
    assert config.NS_PORT == 4444


def test_reset_returns_to_the_defaults():
    config.NS_PORT = 1
    config.NS_BCHOST = "x"
    config.SERIALIZER = "json"
    config.reset()
    assert config.NS_PORT == 9090
    assert config.NS_BCHOST is None
    assert config.SERIALIZER == "serpent"


ENVIRONMENT = [
    ("HOST", "testhost", "testhost"),
    ("NS_PORT", "4444", 4444),
    ("NS_PORT", " 4444 ", 4444),
    ("POLLTIMEOUT", "3.5", 3.5),
    ("COMPRESSION", "yes", True),
    ("COMPRESSION", "On", True),
    ("COMPRESSION", "1", True),
    ("COMPRESSION", "TRUE", True),
    ("SOCK_REUSE", "0", False),
    ("SOCK_REUSE", "oFF", False),
    ("SOCK_REUSE", "no", False),
    ("SOCK_REUSE", "False", False),
    ("NS_BCHOST", "bcast", "bcast"),
    ("NATHOST", "outside", "outside"),
    ("BROADCAST_ADDRS", "1.2.3.4, 5.6.7.8 ", "1.2.3.4, 5.6.7.8 "),
    ("SERIALIZER", "json", "json"),
    ("SERIALIZERS_ACCEPTED", "pickle", {"pickle"}),
    ("SERIALIZERS_ACCEPTED", "pickle,json", {"pickle", "json"}),
    ("MAX_MESSAGE_SIZE", "1000", 1000),
    ("THREADPOOL_SIZE", "7", 7),
    ("ITER_STREAM_LINGER", "1", 1.0),
    ("METADATA", "off", False),
]


@pytest.mark.parametrize(("name", "text", "value"), ENVIRONMENT)
def test_the_environment_overrides(monkeypatch, name, text, value):
    monkeypatch.setenv(f"PYRO_{name}", text)
    fresh = configuration.Configuration()
    assert getattr(fresh, name) == value
    assert type(getattr(fresh, name)) is type(value)
    fresh.reset(False)
    assert getattr(fresh, name) == DEFAULTS[name]
    fresh.reset()
    assert getattr(fresh, name) == value
    fresh.reset(useenvironment=False)
    assert getattr(fresh, name) == DEFAULTS[name]
    monkeypatch.delenv(f"PYRO_{name}")
    fresh.reset()
    assert getattr(fresh, name) == DEFAULTS[name]


@pytest.mark.parametrize(
    ("text", "value"), [("false", False), ("0", False), ("true", True), ("On", True)]
)
def test_exposure_in_the_environment(monkeypatch, text, value):
    monkeypatch.setenv("PYRO_REQUIRE_EXPOSE", text)
    assert configuration.Configuration().REQUIRE_EXPOSE is value


@pytest.mark.fixed("8: env SERIALIZERS_ACCEPTED not stripped")
def test_blanks_between_serializers(monkeypatch):
    monkeypatch.setenv("PYRO_SERIALIZERS_ACCEPTED", "pickle, json")
    assert {"pickle", "json"} == configuration.Configuration().SERIALIZERS_ACCEPTED


@pytest.mark.parametrize(
    ("name", "text"),
    [("COMPRESSION", "perhaps"), ("NS_PORT", "x"), ("POLLTIMEOUT", "soon"), ("SSL", "2")],
)
def test_bad_values_in_the_environment(monkeypatch, name, text):
    monkeypatch.setenv(f"PYRO_{name}", text)
    with pytest.raises(ValueError):  # noqa: PT011  not the same words everywhere
        configuration.Configuration()


def test_unknown_names_in_the_environment(monkeypatch):
    monkeypatch.setenv("PYRO_NOSUCHITEM", "1")
    monkeypatch.setenv("PYRO_NS_LOOKUP_DELAY", "1")
    configuration.Configuration()


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("", [""]),
        ("''", [""]),
        ("a", ["a"]),
        ("a, b ,c,''", ["a", "b", "c", ""]),
        ("<broadcast>, 0.0.0.0", ["<broadcast>", "0.0.0.0"]),
    ],
)
def test_addresses(text, addresses):
    assert config.parseAddressesString(text) == addresses


def test_the_dump(monkeypatch):
    lines = config.dump().splitlines()
    assert lines[0] == f"Pyro version: {Pyro4.__version__}"
    assert lines[1].startswith("Loaded from: ")
    assert os.path.dirname(os.path.abspath(Pyro4.__file__)) in lines[1]
    assert lines[2].startswith("Python version: ")
    assert lines[2].endswith(f", {os.name})")
    assert lines[3] == "Protocol version: 48"
    assert lines[4] == "Currently active configuration settings:"
    items = [line.partition(" = ")[0] for line in lines[5:]]
    assert items == sorted([*DEFAULTS, *OTHERS, "LOGFILE", "LOGLEVEL"])
    assert "BROADCAST_ADDRS = <broadcast>, 0.0.0.0" in lines
    assert "NS_BCHOST = None" in lines
    assert "HOST = localhost" in lines
    assert "LOGLEVEL = None" in lines
    monkeypatch.setenv("PYRO_LOGLEVEL", "DEBUG")
    monkeypatch.setenv("PYRO_LOGFILE", "x.log")
    assert {"LOGLEVEL = DEBUG", "LOGFILE = x.log"} <= set(config.dump().splitlines())


def test_main_prints(capsys):
    configuration.main()
    assert capsys.readouterr().out == config.dump() + "\n"


def run(code, **environ):
    command = [sys.executable, "-W", "ignore", "-c", code]
    environ = {**os.environ, **environ}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environ)


@pytest.mark.slow
def test_the_module_prints():
    command = [sys.executable, "-W", "ignore", "-m", "Pyro4.configuration"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(f"Pyro version: {Pyro4.__version__}\nLoaded from: ")
    assert "\nHOST = localhost\n" in done.stdout


@pytest.mark.slow
def test_a_level_in_the_environment_sets_up_logging():
    code = "import logging, Pyro4; logging.getLogger('Pyro4.core').warning('hello')"
    done = run(code, PYRO_LOGLEVEL="DEBUG", PYRO_LOGFILE="{stderr}")
    (line,) = [line for line in done.stderr.splitlines() if "hello" in line]
    assert line.endswith(",Pyro4.core,WARNING] hello")
    assert line.startswith("[20")


@pytest.mark.slow
def test_no_level_is_silence(tmp_path):
    code = "import logging, Pyro4; logging.getLogger('Pyro4.core').error('hello'); "
    code += "print(logging.getLogger('Pyro4').level)"
    done = run(code, PYRO_LOGLEVEL="")
    assert (done.stdout, done.stderr) == ("9999\n", "")


@pytest.mark.slow
def test_a_log_file(tmp_path):
    code = "import logging, Pyro4; logging.getLogger('Pyro4.core').info('hello')"
    path = tmp_path / "the.log"
    run(code, PYRO_LOGLEVEL="INFO", PYRO_LOGFILE=str(path))
    assert ",Pyro4.core,INFO] hello\n" in path.read_text()


def test_constants():
    assert constants.VERSION == Pyro4.__version__ == "4.82"
    assert constants.DAEMON_NAME == "Pyro.Daemon"
    assert constants.NAMESERVER_NAME == "Pyro.NameServer"
    assert constants.FLAME_NAME == "Pyro.Flame"
    assert constants.PROTOCOL_VERSION == 48


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (
            "Pyro4",
            "config URI Proxy Daemon callback batch asyncproxy oneway expose behavior "
            "current_context locateNS resolve Future configuration constants core errors "
            "futures message socketutil util",
        ),
        (
            "Pyro4.core",
            "URI Proxy Daemon current_context callback batch asyncproxy expose behavior oneway "
            "SerializedBlob _resolve _locateNS DaemonObject pyroObjectToAutoProxy _RemoteMethod "
            "_StreamResultIterator _BatchProxyAdapter _BatchedRemoteMethod _AsyncRemoteMethod "
            "_CallContext _OnewayCallThread",
        ),
        (
            "Pyro4.naming",
            "locateNS resolve startNS startNSloop type_meta main NameServer NameServerDaemon "
            "BroadcastServer AutoCleaner MemoryStorage",
        ),
        ("Pyro4.naming_storage", "SqlStorage DbmStorage"),
        (
            "Pyro4.errors",
            "PyroError CommunicationError ConnectionClosedError TimeoutError ProtocolError "
            "MessageTooLargeError SerializeError NamingError DaemonError SecurityError",
        ),
        (
            "Pyro4.util",
            "getPyroTraceback formatTraceback excepthook get_serializer get_serializer_by_id "
            "SerpentSerializer JsonSerializer MarshalSerializer PickleSerializer DillSerializer "
            "MsgpackSerializer CloudpickleSerializer SerializerBase getAttribute "
            "get_exposed_members reset_exposed_members get_exposed_property_value "
            "set_exposed_property_value is_private_attribute all_exceptions json "
            "fixIronPythonExceptionForPickle",
        ),
        (
            "Pyro4.socketutil",
            "getIpVersion getIpAddress getInterfaceAddress receiveData sendData createSocket "
            "createBroadcastSocket setReuseAddr setNoDelay setKeepalive setNoInherit "
            "SocketConnection family_str findProbablyUnusedPort bindOnUnusedPort "
            "interruptSocket getSSLcontext",
        ),
        ("Pyro4.message", "Message secure_compare"),
        ("Pyro4.futures", "Future FutureResult _ExceptionWrapper"),
        ("Pyro4.configuration", "Configuration config main"),
        ("Pyro4.socketserver.threadpoolserver", "SocketServer_Threadpool"),
        ("Pyro4.socketserver.multiplexserver", "SocketServer_Multiplex"),
        ("Pyro4.socketserver.existingconnectionserver", "SocketServer_ExistingConnection"),
        ("Pyro4.socketserver.threadpool", "Pool Worker PoolError NoFreeWorkersError"),
        ("Pyro4.nsc", "handleCommand main"),
        ("Pyro4.test.echoserver", "EchoServer NameServer startNameServer main"),
        (
            "Pyro4.utils.flame",
            "FlameModule FlameBuiltin RemoteInteractiveConsole Flame start connect createModule",
        ),
        ("Pyro4.utils.flameserver", "main"),
        ("Pyro4.utils.httpgateway", "pyro_app main"),
    ],
)
def test_names(module, names):
    __import__(module)
    found = sys.modules[module]
    for name in names.split():
        assert hasattr(found, name), name


def test_what_the_core_exports():
    assert set(Pyro4.core.__all__) == {
        *("URI", "Proxy", "Daemon", "current_context", "callback", "batch", "asyncproxy"),
        *("expose", "behavior", "oneway", "SerializedBlob", "_resolve", "_locateNS"),
    }


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("Pyro4.core", "URI"),
        ("Pyro4.core", "Proxy"),
        ("Pyro4.core", "Daemon"),
        ("Pyro4.core", "DaemonObject"),
        ("Pyro4.core", "SerializedBlob"),
        ("Pyro4.naming", "NameServer"),
        ("Pyro4.naming", "NameServerDaemon"),
        ("Pyro4.naming_storage", "SqlStorage"),
        ("Pyro4.errors", "NamingError"),
        ("Pyro4.util", "SerpentSerializer"),
        ("Pyro4.futures", "_ExceptionWrapper"),
        ("Pyro4.futures", "FutureResult"),
        ("Pyro4.message", "Message"),
        ("Pyro4.socketutil", "SocketConnection"),
        ("Pyro4.utils.flame", "FlameModule"),
    ],
)
def test_where_classes_say_they_are_from(module, name):
    __import__(module)
    found = getattr(sys.modules[module], name)
    assert (found.__module__, found.__name__) == (module, name)


@pytest.mark.slow
def test_what_a_plain_import_gives():
    code = (
        "import Pyro4; print(*(hasattr(Pyro4, name) for name in 'configuration constants "
    )
    code += "core errors futures message socketutil util'.split()))"
    assert run(code).stdout.split() == ["True"] * 8
