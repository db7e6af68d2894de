"""Makes certificates for the server and two clients, with the command openssl."""

import subprocess

KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"

for who in ("shop", "ada", "eve"):
    names = "DNS:localhost,IP:127.0.0.1"
    command = f"openssl req -x509 {KEY} -nodes -days 9 -subj /CN={who}"
    files = ["-keyout", f"{who}.key", "-out", f"{who}.crt"]
    subprocess.run(
        [*command.split(), *files, "-addext", f"subjectAltName={names}"],
        check=True,
        capture_output=True,
    )
print("three certificates")
