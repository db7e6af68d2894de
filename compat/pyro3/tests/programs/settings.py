"""Configuration, the two logs and the storage folder (1.8, 2.8, 3.8, 3.18)."""

import os
import re
import sys

import lab


def value(*names):
    import Pyro

    lab.say(
        *(
            repr(getattr(Pyro.config, name)).replace(lab.FOLDER, "<folder>")
            for name in names
        )
    )


def wrong():
    try:
        import Pyro

        lab.say(Pyro.config.PYRO_PORT)
    except Exception as error:
        lab.say(type(error).__name__)


def banner(server):
    import Pyro.core

    if server == "1":
        Pyro.core.initServer(banner=1)
        Pyro.core.initServer(banner=1)
    else:
        Pyro.core.initClient(banner=1)
    Pyro.util.Log.msg("Source", "a note", 1)
    Pyro.util.Log.warn("Source", "a warning")
    Pyro.util.Log.error("alone")


def storage(check):
    import Pyro.core

    found = lab.fault(Pyro.core.initServer, 0, int(check))
    lab.say(str(found).replace(lab.FOLDER, "<folder>"))


def user():
    import Pyro.util

    Pyro.config.PYRO_USER_TRACELEVEL = 2
    log = Pyro.util.UserLogger()
    log.msg("Mine", "not seen")
    log.warn("Mine", "two", 2, "words")
    log.error("alone")
    Pyro.config.PYRO_USER_LOGFILE = "other_log"
    log.error("Mine", "elsewhere")
    log.raw("raw text\n")
    Pyro.config.PYRO_USER_TRACELEVEL = 0
    log.error("Mine", "off")
    log.raw("always\n")


def mobile():
    import Pyro.core

    lab.say(lab.fault(Pyro.core.initClient)[0])


def run(part, *args, **env):
    child = lab.Child(os.path.abspath(sys.argv[0]), part, *args, **env)
    child.end()
    for line in child.lines:
        lab.say(line)


def config(text):
    name = lab.path("my.conf")
    with open(name, "w") as file:
        file.write(text)
    return name


def log(name, pattern="Core|Pyro"):
    with open(lab.path(name)) as file:
        lines = file.read().splitlines()
    for line in lines:
        line = line.replace(lab.FOLDER, "<folder>")
        lab.say(
            re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \[\d+:MainThread\]", "<when>", line)
        )


def client():
    run(
        "value",
        "PYRO_PORT",
        "PYRO_NS_DEFAULTGROUP",
        "PYRO_BC_TIMEOUT",
        "PYRO_MAXCONNECTIONS",
    )
    run("value", "PYRO_PORT", "PYRO_BC_TIMEOUT", PYRO_PORT="8000", PYRO_BC_TIMEOUT="2.5")
    run("value", "PYRO_LOGFILE", "PYRO_NS_URIFILE", "PYRO_CONFIG_FILE", "PYRO_NS_HOSTNAME")
    file = config(
        "# a comment\n\nPYRO_PORT = 8001 rest\nPYRO_TRACELEVEL=3\nPYRO_NS_PORT=\n"
    )
    names = ["PYRO_PORT", "PYRO_TRACELEVEL", "PYRO_NS_PORT", "PYRO_CONFIG_FILE"]
    run("value", *names, PYRO_CONFIG_FILE=file)
    run("value", "PYRO_PORT", PYRO_CONFIG_FILE=file, PYRO_PORT="8002")
    run("value", "PYRO_LOGFILE", PYRO_CONFIG_FILE=config("PYRO_LOGFILE=$STORAGE/mine\n"))
    run("wrong", PYRO_CONFIG_FILE=config("PYRO_NONSENSE=1\n"))
    run("wrong", PYRO_CONFIG_FILE=config("rubbish\n"))
    run("wrong", PYRO_CONFIG_FILE=lab.path("missing.conf"))
    import Pyro

    lab.say(lab.fault(getattr, Pyro.config, "PYRO_NONSENSE")[0])
    Pyro.config.PYRO_NONSENSE = 1
    lab.say(Pyro.config.PYRO_NONSENSE)
    lines, status = lab.output("Pyro.configuration", PYRO_PORT="8003")
    start = lines.index("Active configuration settings:")
    items = [line for line in lines[start + 1 :] if line.startswith("PYRO")]
    lab.say(
        lines[0].split(":")[0], status, "PYRO_PORT=8003" in items, items == sorted(items)
    )

    run("banner", "1", PYRO_LOGFILE=lab.path("off"))
    lab.say("off", os.path.exists(lab.path("off")))
    run("banner", "1", PYRO_TRACELEVEL="2", PYRO_LOGFILE=lab.path("two"))
    with open(lab.path("two")) as file:
        text = file.read()
    for piece in (
        "NEW SESSION",
        "This is initServer.",
        "Configuration settings are as follows:",
        "PYRO_TRACELEVEL = 2",
        "Init done.",
        "** NOTE **",
        "** WARN ** Source ** a warning",
        "** ERR! ** N/A ** alone",
    ):
        lab.say(piece, text.count(piece))
    run("banner", "0", PYRO_TRACELEVEL="3", PYRO_LOGFILE=lab.path("three"))
    with open(lab.path("three")) as file:
        text = file.read()
    lab.say("This is initClient." in text, "** NOTE ** Source ** a note 1\n" in text)
    run("user")
    log("Pyro_userlog")
    log("other_log")

    run("storage", "1", PYRO_STORAGE=lab.path("made"))
    lab.say("made", os.listdir(lab.path("made")))
    run("storage", "1", PYRO_STORAGE=lab.path("my.conf"))
    run("storage", "0", PYRO_STORAGE=lab.path("my.conf"))
    run("storage", "1", PYRO_STORAGE=lab.path("not/made"))
    run("mobile", PYRO_MOBILE_CODE="1")


lab.play(
    {
        "client": client,
        "value": value,
        "wrong": wrong,
        "banner": banner,
        "storage": storage,
        "user": user,
        "mobile": mobile,
    }
)
