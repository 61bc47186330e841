#!/usr/bin/env python3
"""Measures how long one organization waits while another sends its worst.

    scripts/measure-neighbors.py target/release/refrain [--database-url URL] [--sessions 20000] [--seconds 15]

Prints, for each kind of load, the median and the 95th percentile of the other organization's `POST /insights`, without
and with a filter on sessions, and of `/healthz`, in milliseconds. Needs nothing but Python.
"""

import argparse
import http.client
import json
import os
import random
import subprocess
import tempfile
import threading
import time

TEXTS = [
    "My parcel has not arrived yet", "I want to cancel my booking", "The app crashes when I open it",
    "I was charged twice this month", "How do I change my address?", "Please send me a new password",
    "The discount code does not work", "I need an invoice for my order",
]
WORDS = "order number since monday again please help me with the second item from last week and the other one".split()


def records(first, count):
    rng = random.Random(first)
    for i in range(first, first + count):
        said = lambda: " ".join(rng.choices(WORDS, k=12))
        yield json.dumps({
            "id": i, "channel": rng.choice(["chat", "email", "phone"]), "language": "en",
            "created_at": f"2026-{rng.randint(1, 10):02}-{rng.randint(1, 28):02}T10:00:00Z",
            "contact": {"email": f"c{i}@example.com"},
            "turns": [
                {"role": "contact", "text": "Hello, " + said()}, {"role": "agent", "text": said()},
                {"role": "contact", "text": rng.choice(TEXTS) + " " + said()}, {"role": "agent", "text": said()},
            ],
        })


class Refrain:
    def __init__(self, binary, url, folder):
        self.binary, self.folder = os.path.abspath(binary), folder
        self.where = ["--database-url", url] if url else ["--data", folder]

    def run(self, *args):
        command = [self.binary, *args, *self.where]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout

    def load(self, org, first, count):
        path = os.path.join(self.folder, f"{org}-{first}.jsonl")
        with open(path, "w") as file:
            file.writelines(line + "\n" for line in records(first, count))
        return path

    def serve(self):
        command = [self.binary, "serve", "--listen", "127.0.0.1:0", "--rate-limit", "0", *self.where]
        log = open(os.path.join(self.folder, "serve.log"), "w")
        self.server = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=log, text=True)
        self.port = int(self.server.stdout.readline().strip().rsplit(":", 1)[1])

    def call(self, method, path, token="", body=None, timeout=60):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def said(refrain, token, text, session=None):
    if session is None:
        session = json.loads(refrain.call("POST", "/chat/sessions", token, {})[1])["id"]
    message = {"sender": "contact", "message": {"type": "text", "text": text}}
    refrain.call("POST", f"/chat/sessions/{session}/send", token, message)
    return session


def slow_export(refrain, token):
    connection = http.client.HTTPConnection("127.0.0.1", refrain.port, timeout=60)
    connection.request("GET", "/exports", None, {"authorization": f"Bearer {token}"})
    response = connection.getresponse()
    for _ in range(100):
        if not response.read(600):
            break
        time.sleep(0.1)
    connection.close()


def loads(refrain, token, sessions):
    """Each kind of load: what one of its clients does again and again, and how many there are."""
    search = lambda i: refrain.call("GET", f"/chat/sessions/search?q=nowhere{i % 7}zz", token, timeout=1)
    wide = lambda i: refrain.call("GET", "/chat/sessions/search?q=e", token, timeout=1)
    listed = lambda i: refrain.call("POST", "/insights", token, {"channel": "chat", "page": 1 + i % 2})
    filtered = lambda i: refrain.call(
        "POST", "/chat/sessions/filter", token, {"filters": {"sentiments": ["happy"]}, "page": 40 + i % 10})
    large = "a" * 90_000
    one = said(refrain, token, "Hello")
    return {
        "nothing": (lambda i: time.sleep(0.1), 1),
        "searches without a hit, left after a second": (search, 20),
        "searches with many hits, left after a second": (wide, 20),
        "insights by channel": (listed, 16),
        "sessions by sentiment, far pages": (filtered, 16),
        "GET /overview": (lambda i: refrain.call("GET", "/overview", token), 16),
        "messages, each of a new session": (lambda i: said(refrain, token, TEXTS[i % 8]), 16),
        "messages of 90 kB in one session": (lambda i: said(refrain, token, large, one), 8),
        "exports read slowly": (lambda i: slow_export(refrain, token), 4),
    }


def repeat(client, until):
    i = 0
    while time.monotonic() < until:
        try:
            client(i)
        except (OSError, http.client.HTTPException):
            pass
        i += 1


def probe(call, until, waits):
    while time.monotonic() < until:
        since = time.monotonic()
        try:
            status = call()[0]
        except (OSError, http.client.HTTPException):
            status = 0
        waits.append((time.monotonic() - since) * 1000 if status == 200 else 60_000.0)
        time.sleep(0.05)


def measure(refrain, other, client, count, seconds):
    until = time.monotonic() + seconds
    attackers = [threading.Thread(target=repeat, args=(client, until)) for _ in range(count)]
    probes = {
        "insights": lambda: refrain.call("POST", "/insights", other, {}),
        "filtered": lambda: refrain.call("POST", "/insights", other, {"channel": "chat"}),
        "healthz": lambda: refrain.call("GET", "/healthz"),
    }
    waits = {name: [] for name in probes}
    watching = [threading.Thread(target=probe, args=(call, until, waits[name])) for name, call in probes.items()]
    for thread in attackers + watching:
        thread.start()
    for thread in attackers + watching:
        thread.join()
    at = lambda values, share: sorted(values)[int((len(values) - 1) * share)]
    return [at(waits[name], share) for name in probes for share in (0.5, 0.95)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--database-url")
    parser.add_argument("--sessions", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=15)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        refrain = Refrain(args.binary, args.database_url, folder)
        tokens = []
        for org, first, count in [("worst", 0, args.sessions), ("other", 10_000_000, 2_000)]:
            refrain.run("import", refrain.load(org, first, count), "--org", org)
            tokens.append(json.loads(refrain.run("keys", "create", "--name", "x", "--org", org, "--json"))["token"])
        refrain.serve()
        try:
            row = "| {:<46} |" + " {:>6} |" * 6
            print(row.format("load", "p50", "p95", "p50", "p95", "p50", "p95"), flush=True)
            for name, (client, count) in loads(refrain, tokens[0], args.sessions).items():
                waits = measure(refrain, tokens[1], client, count, args.seconds)
                print(row.format(name, *(f"{wait:.0f}" for wait in waits)), flush=True)
            path = refrain.load("worst", 20_000_000, args.sessions // 2)
            importing = threading.Thread(target=refrain.run, args=("import", path, "--org", "worst"))
            importing.start()
            waits = measure(refrain, tokens[1], lambda i: time.sleep(0.1), 1, args.seconds)
            print(row.format("an import by another process", *(f"{wait:.0f}" for wait in waits)), flush=True)
            importing.join()
        finally:
            refrain.server.terminate()
            refrain.server.wait()


main()
