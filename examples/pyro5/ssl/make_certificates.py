"""Make certificates for server.py and client.py, good for 30 days.

    python make_certificates.py

Each is signed with its own key, so the other side must have it in its list of trusted
ones. Needs the command openssl.
"""

import subprocess

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
USE = "keyUsage=critical,digitalSignature,keyCertSign"


def make(file, name, *extensions):
    command = ["openssl", "req", "-x509", *KEY, "-days", "30"]
    command += ["-keyout", f"{file}_key.pem", "-out", f"{file}_cert.pem"]
    command += ["-subj", f"/O=Pyro example/CN={name}", "-addext", USE]
    for extension in extensions:
        command += ["-addext", extension]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    print(f"made {file}_cert.pem and {file}_key.pem for {name!r}")


make("server", "the server", "subjectAltName=DNS:localhost,IP:127.0.0.1")
make("client", "the client")
make("stranger", "a stranger")
