#!/usr/bin/env python3
"""Compares what two builds of Refrain do: compare-builds.py OLD_BINARY NEW_BINARY

Each build gets an empty data folder, imports the bundled sample and a few made-up conversations, serves, is asked the
calls of `compare_calls.py` and runs its commands. Answers, outputs and the rows of every table must be equal, once
what differs by nature (ids made by chance, the time of the run, tokens, durations, the port) is replaced by names.
Prints a unified diff of each place that differs, and exits with 1 if there is any.
"""

import argparse
import difflib
import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import compare_calls

COMMAND_SECONDS = 600
CALL_SECONDS = 60
JOBS_SECONDS = 120
# the organization gets this id, so that ids derived from it are the same in both runs
ORG_ID = "00000000-0000-7000-8000-00000000c0de"

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z?")
# the last digits of a sum depend on the order of its parts
DECIMAL = re.compile(r"\b\d+\.\d{13,}(e-?\d+)?")
MICROS = re.compile(r"\b1[5-9]\d{14}\b")
REPLACED = [
    (re.compile(r"rfr_live_[\w-]+"), "<token>"),
    (re.compile(r"rfr_live_[\w-]*…"), "<token>"),
    (re.compile(r"whsec_[\w+/=]+"), "<secret>"),
    (re.compile(r"v1,[\w+/=]{40,}"), "<signature>"),
    (re.compile(r'("next": |cursor=)"?[\w-]{32,}"?'), r"\1<cursor>"),
    (re.compile(r"127\.0\.0\.1:\d{4,5}"), "127.0.0.1:<port>"),
    (re.compile(r"\b\d+(\.\d+)?\s?(µs|ms|s|min|seconds?|minutes?)\b(?! to\b)"), "<duration>"),
    (re.compile(r'("\w*(?:seconds|latency|_ms)\w*": )[\d.]+'), r"\1<duration>"),
]


class Receiver:
    """A server that takes webhooks and keeps what they say."""

    def __init__(self):
        bodies = self.bodies = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                names = ", ".join(sorted(name.lower() for name in self.headers))
                bodies.append(f"{names}\n{pretty(body)}")
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Build:
    """One build on a data folder of its own, and the places at which it is compared."""

    def __init__(self, binary, folder):
        self.folder = Path(folder)
        self.binary = self.folder / "bin" / "refrain"
        self.binary.parent.mkdir()
        shutil.copy(binary, self.binary)
        self.began = time.time()
        self.places = {}
        self.process = None
        self.token = ""
        self.url = ""

    # commands

    def run(self, *args):
        """Runs a command in the data folder. Returns its exit code and its output."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("REFRAIN_")}
        env |= {"REFRAIN_DATA": "data", "REFRAIN_RATE_LIMIT": "0", "REFRAIN_WORKERS": "1"}
        done = subprocess.run(
            [self.binary, *args], cwd=self.folder, env=env, capture_output=True, timeout=COMMAND_SECONDS
        )
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def command(self, *args, keep=True):
        """Runs a command and notes its output as a place to compare."""
        code, out, err = self.run(*args)
        if keep:
            self.places[f"$ refrain {' '.join(args)}"] = f"exit {code}\n{pretty(out)}\n{err}"
        return out

    def subcommands(self, path=()):
        """Lists every subcommand as its help names it, deeper ones included."""
        out = self.command(*path, "--help")
        self.command(*path, "-h")
        section = re.search(r"\nCommands:\n((?:  .*\n)+)", out)
        for name in re.findall(r"^  (\w+)", section.group(1), re.M) if section else []:
            if name != "help":
                self.subcommands((*path, name))

    # the server

    def serve(self):
        """Starts the server on a free port of loopback."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("REFRAIN_")}
        env |= {"REFRAIN_DATA": "data", "REFRAIN_RATE_LIMIT": "0", "REFRAIN_WORKERS": "1"}
        env |= {"REFRAIN_WEBHOOKS_PRIVATE": "true", "REFRAIN_LISTEN": "127.0.0.1:0"}
        log = open(self.folder / "serve.log", "wb")
        self.process = subprocess.Popen(
            [self.binary, "serve"], cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=log
        )
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on "):
            raise RuntimeError(f"does not serve: {(self.folder / 'serve.log').read_text()}")
        self.url = line.removeprefix("listening on ").strip()

    def stop(self):
        """Asks the server to stop, and kills it if it does not."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            code = self.process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        self.places["the server's exit"] = str(code)
        self.process = None

    def call(self, method, path, body=None, token=None, headers=None, place=None):
        """Calls the API and notes the answer. Returns the body as JSON if it is that, else None."""
        request = urllib.request.Request(self.url + path, method=method)
        request.add_header("authorization", f"Bearer {self.token if token is None else token}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if body is not None:
            request.data = body if isinstance(body, bytes) else json.dumps(body).encode()
            request.add_header("content-type", "application/json")
        try:
            answer = urllib.request.urlopen(request, timeout=CALL_SECONDS)
        except urllib.error.HTTPError as error:
            answer = error
        content = answer.read()
        text = content.decode(errors="replace")
        if "parquet" in answer.headers.get("content-type", ""):
            text = f"parquet, {'whole' if content[-4:] == b'PAR1' else 'cut off'}"
        if path == "/metrics":
            text = "\n".join(sorted(re.sub(r" [\d.e+-]+$", "", line) for line in text.splitlines()))
        shown = [f"{answer.status} {method} {path}"]
        shown += [f"{n.lower()}: {v}" for n, v in sorted(answer.headers.items()) if n.lower() in compare_calls.HEADERS]
        shown.append(", ".join(sorted(name.lower() for name in answer.headers)))
        name = f"{len(self.places):03} {place or f'{method} {path}'}"
        self.places[name] = "\n".join([*shown, pretty(text)])
        if method != "GET" and answer.status == 200:
            self.settle()
        try:
            return json.loads(text)
        except ValueError:
            return None

    # the database

    def database(self):
        return sqlite3.connect(f"file:{self.folder}/data/refrain.db?mode=ro", uri=True, timeout=30)

    def settle(self):
        """Waits until no job is due within some seconds, as long as that may take."""
        end = time.time() + JOBS_SECONDS
        while time.time() < end:
            database = self.database()
            soon = (time.time() + 5) * 1e6
            query = "select count(*) from jobs where failed_at is null and run_at < ?"
            jobs = database.execute(query, (soon,)).fetchone()[0]
            # one that is being sent is due again a while later
            query = "select count(*) from deliveries where due_at < ?"
            jobs += database.execute(query, (soon + 120e6,)).fetchone()[0]
            database.close()
            if jobs == 0:
                return
            time.sleep(0.1)
        self.places["jobs that never end"] = "there are some"

    def fix_org_id(self):
        """Gives the only organization an id that does not come by chance."""
        database = sqlite3.connect(self.folder / "data" / "refrain.db")
        new = bytes.fromhex(ORG_ID.replace("-", ""))
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            columns = [row[1] for row in database.execute(f'pragma table_info("{table}")')]
            if "org_id" in columns or table == "orgs":
                database.execute(f'update "{table}" set {"id" if table == "orgs" else "org_id"} = ?', (new,))
        database.commit()
        database.close()

    def tables(self):
        """Notes the rows of every table."""
        database = self.database()
        for (table,) in database.execute("select name from sqlite_master where type = 'table' order by name").fetchall():
            if table.startswith(("sqlite_", "_sqlx")):
                continue
            columns = [row[1] for row in database.execute(f'pragma table_info("{table}")')]
            left_out = compare_calls.LEFT_OUT.get(table, set())
            rows = []
            for row in database.execute(f'select * from "{table}"'):
                cells = sorted(zip(columns, row))
                rows.append(" ".join(f"{c}={cell(c, value)}" for c, value in cells if c not in left_out))
            if table in compare_calls.DISTINCT:
                rows = list(dict.fromkeys(rows))
            self.places[f"table {table}"] = "\n".join([f"{len(rows)} rows", ", ".join(sorted(columns)), *rows])
        query = "select name, grouping_hash from orgs"
        self.places["grouping hash"] = str(database.execute(query).fetchall())
        database.close()

    def names(self):
        """Returns names for ids: those that are known by what they name, the same in both runs."""
        database, names = self.database(), {}
        for query in compare_calls.NAMES:
            try:
                rows = database.execute(query).fetchall()
            except sqlite3.Error:
                continue
            for blob, *words in rows:
                names[uuid_text(blob)] = f"<{' '.join(str(word) for word in words)}>"
        database.close()
        names[ORG_ID] = "<org>"
        return names

    def normalized(self):
        """Returns the places with everything replaced that differs by nature."""
        names, ended = self.names(), time.time() + 900
        normal, webhooks = {}, []
        for place, text in self.places.items():
            text = UUID.sub(lambda found: names.get(found[0], "<id>"), text)
            text = TIME.sub(lambda found: self.time_name(found[0], ended), text)
            text = MICROS.sub(lambda found: "<now>" if self.began - 2 <= int(found[0]) / 1e6 <= ended else found[0], text)
            text = DECIMAL.sub(lambda found: f"{float(found[0]):.12g}", text)
            for pattern, name in REPLACED:
                text = pattern.sub(name, text)
            lines = text.replace(str(self.folder), "<folder>").splitlines()
            if place.startswith("table "):
                lines = [*lines[:2], *sorted(lines[2:])]
            if place.startswith("webhook body"):
                webhooks.append(lines)
                continue
            normal[UUID.sub(lambda found: names.get(found[0], "<id>"), place)] = lines
        # what is told of different subjects comes in any order
        return normal | {f"webhook body {n:03}": lines for n, lines in enumerate(sorted(webhooks))}

    def time_name(self, text, ended):
        form = "%Y-%m-%dT%H:%M"
        minute = text.replace(" ", "T")[:16]
        # a secret that was replaced goes on for a day
        for name, later in (("<now>", 0), ("<tomorrow>", 86_400)):
            first, last = (time.strftime(form, time.gmtime(at + later)) for at in (self.began - 60, ended))
            if first <= minute <= last:
                return name
        return text


def uuid_text(blob):
    h = blob.hex() if isinstance(blob, bytes) else str(blob)
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def cell(column, value):
    """Writes a value of a row as text."""
    if column in compare_calls.CHANCE_COLUMNS:
        return "<chance>" if value else repr(value)
    if isinstance(value, bytes):
        return uuid_text(value) if len(value) == 16 else f"sha256:{hashlib.sha256(value).hexdigest()[:16]}"
    return repr(value)


def pretty(text):
    """Indents JSON, so that a difference shows in the line of its member; other text is as it was."""
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False)
    except ValueError:
        return text


def run_all(build, receiver, with_sample):
    """Runs everything on one build."""
    build.subcommands()
    compare_calls.prepare(build, with_sample)
    build.serve()
    compare_calls.ask(build, receiver.url)
    build.settle()
    build.stop()
    build.places |= {f"webhook body {n}": body for n, body in enumerate(receiver.bodies)}
    compare_calls.finish(build)
    build.tables()


def observe(binary, with_sample):
    """Runs everything on one build. Returns the normalized text of each place."""
    with tempfile.TemporaryDirectory(prefix="refrain-compare-") as folder:
        build, receiver = Build(binary, folder), Receiver()
        try:
            run_all(build, receiver, with_sample)
        except Exception as error:
            # what was seen so far is compared, and that it ended here
            build.places["the end"] = f"{type(error).__name__}: {error}"
        finally:
            build.stop()
            receiver.close()
        return build.normalized()


def differences(old, new, allow):
    """Yields a unified diff for each place that differs other than is allowed."""
    for place in dict.fromkeys([*old, *new]):
        before, after = ([line for line in side.get(place, []) if not allow(line)] for side in (old, new))
        if before != after and not allow(place):
            yield "\n".join(difflib.unified_diff(before, after, f"old: {place}", f"new: {place}", n=2, lineterm=""))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--allow", action="append", default=[], metavar="REGEX",
                        help="leave out lines, and places by name, that differ on purpose; may be repeated")
    parser.add_argument("--no-sample", action="store_true", help="without the bundled sample: quicker")
    parser.add_argument("--lines", type=int, default=60, help="lines of a diff that are shown [default: 60]")
    args = parser.parse_args()
    # ends as Ctrl-C does, so that servers and folders go too
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    patterns = [re.compile(pattern) for pattern in args.allow]
    sides = []
    for binary in (args.old, args.new):
        began = time.time()
        sides.append(observe(binary, not args.no_sample))
        print(f"{binary}: {time.time() - began:.0f} s", file=sys.stderr)
    count = 0
    for diff in differences(*sides, lambda text: any(pattern.search(text) for pattern in patterns)):
        count += 1
        lines = diff.splitlines()
        print("\n".join(lines[: args.lines]))
        if len(lines) > args.lines:
            print(f"… {len(lines) - args.lines} more lines")
    print(f"{count} of {len(sides[0])} places differ")
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
