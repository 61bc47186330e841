#!/usr/bin/env python3
"""Does its worst to a server of its own, and watches what others feel of it: abuse.py REFRAIN [CASE…]

Starts REFRAIN on an empty database with two organizations. One of them, or a stranger without a key, sends what once
stopped the server; meanwhile the other calls `POST /insights`, and somebody calls `/healthz`. Fails when one of the two
takes more than 100 ms at the 95th percentile during a case, when the process takes more than 1 GiB of memory, when it does
not give it back, or when a case finds what it looks for. Everything is on the loopback interface, bounded, and over within
ten minutes. Needs Python and nothing else.
"""
import argparse
import base64
import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

LATENCY_MS_MAX = 100
MEMORY_MIB_MAX = 1024
MEMORY_LEFT_MIB_MAX = 100
SETTLED_WITHIN = 150
CASE_SECONDS = 20


def memory_mib(process, name="VmRSS"):
    """Reads how much memory a process has: all of it (VmRSS), or without files that are mapped (RssAnon)."""
    text = pathlib.Path(f"/proc/{process}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+) kB", text).group(1)) / 1024


class Server:
    """A running server, its two organizations' keys, and what is asked of it."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, folder
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("REFRAIN_")}
        self.environment.update(REFRAIN_RATE_LIMIT="0", REFRAIN_LOG="error", REFRAIN_WEBHOOKS_PRIVATE="true")
        self.load()
        self.key, self.other = (self.make_key(org) for org in ("worst", "other"))
        command = [binary, "serve", "--data", f"{folder}/data", "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, env=self.environment)
        line = self.process.stdout.readline().decode()
        host, port = re.search(r"http://([\d.]+):(\d+)", line).groups()
        self.address = (host, int(port))

    def run(self, *arguments):
        command = [self.binary, *arguments, "--data", f"{self.folder}/data"]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def make_key(self, org):
        return json.loads(self.run("keys", "create", "--org", org, "--name", "abuse", "--json"))["token"]

    def load(self):
        """Imports what is asked for: an insight over long messages, and one of the other organization."""
        filler = " and then I wrote to you again about all of this" * 2_000
        for org, text in (("worst", "My refund has not arrived yet. " + filler), ("other", "I cannot log in to my account")):
            path = f"{self.folder}/{org}.jsonl"
            with open(path, "w") as file:
                for i in range(60):
                    turn = {"role": "contact", "text": text}
                    contact = {"email": f"c{i}@example.com"}
                    file.write(json.dumps({"id": i, "contact": contact, "turns": [turn]}) + "\n")
            self.run("import", path, "--org", org)

    def call(self, method, path, body=None, key=None, timeout=60):
        """Calls over a connection of its own. Returns status and text; status 0 if there was no answer."""
        connection = http.client.HTTPConnection(*self.address, timeout=timeout)
        headers = {"authorization": f"Bearer {key or self.key}", "content-type": "application/json"}
        try:
            connection.request(method, path, json.dumps(body) if isinstance(body, (dict, list)) else body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf8", "replace")
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

    def make(self, method, path, body=None, key=None):
        """Calls, and fails without a 200."""
        status, text = self.call(method, path, body, key)
        if status != 200:
            raise Failure(f"{method} {path}: {status} {text[:200]}")
        return json.loads(text) if text else None

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()


class Failure(Exception):
    """What a case looked for and found."""


class Watch:
    """Calls as others do, and reads the memory, until it is left."""

    def __init__(self, server):
        self.server, self.over = server, threading.Event()
        self.times = {"GET /healthz": [], "POST /insights": []}
        self.memory = 0

    def __enter__(self):
        self.threads = [threading.Thread(target=self.ask, args=(name,)) for name in self.times]
        self.threads.append(threading.Thread(target=self.read_memory))
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def ask(self, name):
        method, path = name.split()
        while not self.over.wait(0.05):
            started = time.monotonic()
            status, _ = self.server.call(method, path, {} if method == "POST" else None, self.server.other, timeout=10)
            took = (time.monotonic() - started) * 1000
            self.times[name].append(took if status == 200 else 10_000)

    def read_memory(self):
        while not self.over.wait(0.02):
            self.memory = max(self.memory, memory_mib(self.server.process.pid))

    def findings(self):
        """What others felt, in words, and whether it is too much."""
        words, bad = [], []
        for name, times in self.times.items():
            if len(times) < 2:
                bad.append(f"{name} was hardly answered")
                continue
            high = statistics.quantiles(times, n=20)[-1]
            words.append(f"{name} {high:.0f} ms")
            if high > LATENCY_MS_MAX:
                bad.append(f"{name} took {high:.0f} ms at the 95th percentile")
        words.append(f"{self.memory:.0f} MiB")
        if self.memory > MEMORY_MIB_MAX:
            bad.append(f"the process took {self.memory:.0f} MiB")
        return ", ".join(words), bad


def at_once(count, function, *arguments):
    """Runs a function many times in parallel."""
    with concurrent.futures.ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(function, i, *arguments) for i in range(count)]]


def until(seconds, function):
    """Runs a function again and again for some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        function()


def session(server, text="hello", **members):
    """Opens a session in which something is said."""
    id = server.make("POST", "/chat/sessions", members)["id"]
    say(server, id, text)
    return id


def say(server, id, text):
    message = {"sender": "contact", "message": {"type": "text", "text": text}}
    server.make("POST", f"/chat/sessions/{id}/send", message)


def read_answer(stream):
    """Reads one answer from a connection that stays open. Returns its status."""
    status = int(stream.readline().split()[1])
    length = 0
    while (line := stream.readline().strip()):
        name, _, value = line.partition(b": ")
        length = int(value) if name == b"content-length" else length
    stream.read(length)
    return status


def invented_methods(server):
    """10,000 methods that nobody knows, short and long, down one connection."""
    def series():
        text = server.call("GET", "/metrics")[1]
        return len(text), {line.rsplit(" ", 1)[0] for line in text.splitlines() if not line.startswith("#")}
    with socket.create_connection(server.address, 10) as connection, connection.makefile("rb") as stream:
        for i in range(10_000):
            method = f"M{i:06}" + "X" * (16_000 if i % 50 == 1 else 0)
            connection.sendall(f"{method} / HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            status = read_answer(stream)
            if status != 501:
                raise Failure(f"an invented method is answered with {status}")
            if i == 0:
                series()
                before = series()[1]
    size, after = series()
    # others' calls go on meanwhile, by their routes and statuses
    new = [name for name in after - before if 'route="none"' in name or "M0" in name]
    if new or size > 1_000_000:
        raise Failure(f"{len(new)} new series, {size} bytes of metrics")


def silent_readers(server):
    """1,100 clients that ask for the largest document 150 times and read nothing."""
    request = b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * 150
    clients = []
    try:
        for _ in range(1_100):
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
            client.settimeout(2)
            clients.append(client)
            try:
                client.connect(server.address)
                client.send(request)
            except OSError:
                pass
        time.sleep(CASE_SECONDS)
    finally:
        for client in clients:
            client.close()


def search(server):
    """Words that nearly match, over long messages, 20 at once."""
    long = session(server)
    for _ in range(100):
        say(server, long, "a" * 100_000)
    for length in (63, 499):
        path = f"/chat/sessions/search?q={'a' * length}b"
        until(CASE_SECONDS / 2, lambda: at_once(20, lambda _: server.call("GET", path, timeout=2)))


def tags(server):
    """As many tags as fit, changed again and again."""
    id = session(server)
    for count in (100_000, 20_000, 100):
        for word in "abc":
            body = {"tags": [f"{word}{i}" for i in range(count)]}
            status, text = server.call("PATCH", f"/chat/sessions/{id}", body)
            if status not in ((200,) if count == 100 else (400, 413)):
                raise Failure(f"{count} tags: {status} {text[:100]}")


def quotes(server):
    """The sessions behind an insight whose messages are long, 16 at once."""
    found = server.make("POST", "/insights", {})["data"]
    if not found:
        raise Failure("there is no insight to ask for")
    path = f"/insights/{found[0]['id']}/sessions"
    until(CASE_SECONDS, lambda: at_once(16, lambda _: server.call("GET", path)))


class Slow(http.server.BaseHTTPRequestHandler):
    """A receiver that answers `/slow` after 14 seconds, and the rest at once."""

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/slow":
            time.sleep(14)
        else:
            self.server.delivered.set()
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def fairness(server):
    """Receivers that are slow, exports that are taken slowly, one word a second into long sessions."""
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    receiver.daemon_threads, receiver.delivered = True, threading.Event()
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{receiver.server_port}"
    hooks = [server.make("POST", "/webhooks", {"url": url + "/slow"})["id"] for _ in range(10)]
    fast = server.make("POST", "/webhooks", {"url": url + "/fast"}, server.other)["id"]
    long = [session(server) for _ in range(4)]
    for id in long:
        for _ in range(30):
            say(server, id, "I still wait for my refund. " * 3_000)
    readers = [slow_export(server) for _ in range(2)]
    try:
        server.make("POST", f"/webhooks/{fast}/test", None, server.other)
        if not receiver.delivered.wait(10):
            raise Failure("the other's event waits behind slow receivers")
        status = server.call("GET", "/exports?what=insights", key=server.other)[0]
        if status != 200:
            raise Failure(f"the other's export is answered with {status} while two are taken slowly")
        until(CASE_SECONDS, lambda: (say(server, long[0], "word"), time.sleep(1)))
    finally:
        for reader in readers:
            reader.close()
        for id in hooks:
            server.call("DELETE", f"/webhooks/{id}")
        server.call("DELETE", f"/webhooks/{fast}", key=server.other)
        receiver.shutdown()


def slow_export(server):
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    reader.connect(server.address)
    head = f"GET /exports HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.key}\r\n\r\n"
    reader.sendall(head.encode())
    return reader


def memory(server):
    """Large bodies that mean nothing, pages of the largest rows, large files."""
    id = session(server)
    send = f"/chat/sessions/{id}/send"
    nothing = ('{"x":[' + '{"a":0},' * 1_040_000 + "0]}").encode()
    at_once(60, lambda _: server.call("POST", send, nothing))
    at_once(60, lambda _: server.call("POST", "/insights", nothing[:260_000]))
    data = {f"key{i}": "v" * 9_000 for i in range(7)}
    for i in range(50):
        session(server, custom_data=data, contact={"email": f"large{i}@example.com", "custom_data": data})
    for _ in range(50):
        say(server, id, "é" * 90_000)
    for path in ("/chat/sessions", "/contacts", f"/chat/sessions/{id}/history"):
        at_once(30, lambda _: server.call("GET", path))
    file = base64.b64encode(b"x" * 5_000_000).decode()
    attachment = {"sender": "contact", "message": {"type": "text", "text": "x", "attachments": [{"base64": file}]}}
    at_once(16, lambda _: server.call("POST", send, attachment))


def oversized(server):
    """Lists and texts without end."""
    lists = {"channels": "web", "statuses": "open", "tags": "a", "languages": "en", "assignee_ids": "a"}
    requests = [("/chat/sessions/filter", {"filters": {name: [value] * 20_000}}) for name, value in lists.items()]
    ids = [f"00000000-0000-4000-8000-{i:012}" for i in range(6_000)]
    requests.append(("/chat/sessions/filter", {"filters": {"contact_ids": ids}}))
    requests += [("/insights", {name: "a" * 200_000}) for name in ("search", "category")]
    requests += [("/insights", {"search": "a" * length}) for length in (200, 201, 50_000)]

    def send():
        for path, body in requests:
            status, text = server.call("POST", path, body)
            if not 200 <= status < 500:
                raise Failure(f"{path} {list(body)}: {status} {text[:100]}")

    until(CASE_SECONDS / 4, send)


CASES = {
    "methods": invented_methods,
    "readers": silent_readers,
    "search": search,
    "tags": tags,
    "masking": quotes,
    "fairness": fairness,
    "memory": memory,
    "lists": oversized,
}


def settled(server, start):
    """Waits until the memory is given back. Returns what is wrong."""
    end = time.monotonic() + SETTLED_WITHIN
    while (now := memory_mib(server.process.pid, "RssAnon")) > start + MEMORY_LEFT_MIB_MAX and time.monotonic() < end:
        time.sleep(1)
    is_back = now <= start + MEMORY_LEFT_MIB_MAX
    words = f"{now:.0f} MiB are left, {start:.0f} MiB were at the start"
    print(f"memory: {words}" if is_back else f"memory:\n  FAILED: {words}", flush=True)
    return [] if is_back else [words]


def run(server, names):
    wrong = []
    # what is loaded once is loaded at the start
    for text in ("My refund has not arrived yet", "Meine Rückerstattung ist noch nicht angekommen"):
        session(server, text)
    for _ in range(20):
        server.call("POST", "/insights", {}, server.other)
        time.sleep(0.2)
    start = memory_mib(server.process.pid, "RssAnon")
    for name in names:
        found = []
        with Watch(server) as watch:
            try:
                CASES[name](server)
            except Failure as failure:
                found.append(str(failure))
        words, bad = watch.findings()
        found += bad
        print(f"{name} {CASES[name].__name__.replace('_', ' ')}: {words}", flush=True)
        for what in found:
            print(f"  FAILED: {what}", flush=True)
        wrong += found
    return wrong + settled(server, start)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("refrain", help="the binary")
    parser.add_argument("case", nargs="*", choices=[[], *CASES], help="all, if none is named")
    arguments = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="refrain-abuse-")
    server = None
    try:
        server = Server(os.path.abspath(arguments.refrain), folder)
        wrong = run(server, arguments.case or list(CASES))
    finally:
        if server:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{len(wrong)} failed" if wrong else "nobody felt it")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
