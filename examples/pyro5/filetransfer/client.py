"""Get a file from server.py in four ways, with several threads at the same time."""

import hashlib
import sys
import threading
import time

import Pyro5.api
import Pyro5.socketutil

Pyro5.config.SERIALIZER = "msgpack"  # bytes arrive as bytes

CHUNK = 64 * 1024  # bytes


def by_calls(files):
    size = files.size()
    return b"".join(files.read(start, CHUNK) for start in range(0, size, CHUNK))


def by_iterator(files):
    return b"".join(files.parts())


def by_annotations(files):
    content = bytearray()
    for start in files.annotated_parts():
        assert start == len(content)
        content += Pyro5.api.current_context.response_annotations["FDAT"]
    return bytes(content)


def by_raw_socket(files):
    size = files.size()
    host, port, ticket = files.prepare_raw()
    with Pyro5.socketutil.create_socket(connect=(host, port)) as sock:
        sock.sendall(ticket.encode())
        return bytes(Pyro5.socketutil.receive_data(sock, size))


def fetch(way, report):
    with Pyro5.api.Proxy(uri) as files:  # a thread has a proxy of its own
        start = time.perf_counter()
        content = way(files)
        rate = len(content) / (time.perf_counter() - start) / 1e6
    report.append((len(content), hashlib.sha256(content).hexdigest(), rate))


uri = input("URI of the file server: ").strip()
number = int(sys.argv[1]) if len(sys.argv) > 1 else 4
for way in by_calls, by_iterator, by_annotations, by_raw_socket:
    report = []
    threads = [threading.Thread(target=fetch, args=[way, report]) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sizes = {size for size, _, _ in report}
    same = len({digest for _, digest, _ in report}) == 1
    print(f"{way.__name__}: {len(report)} times {sizes} bytes, all the same: {same}")
    print("   ", ", ".join(f"{rate:.1f} MB/s" for _, _, rate in report))
