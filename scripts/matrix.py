#!/usr/bin/env python3
"""Every operation of /openapi.json against another organization's ids, and against every scope.
    scripts/matrix.py BINARY [--timing N] [--keep DIR] [--database-url postgres://...]
Prints a summary; exit 1 on a leak: an answer that tells another organization's thing from an absent one, something of
it read or changed, an operation open to a key without its scope, a revoked key that still works.
An operation whose path parameters or body are not known here fails too, so that new ones are not forgotten. Requests on
one's own things that do not get through are "control" notes: there the comparison says nothing."""
import argparse, base64, contextlib, http.client, http.server, json, os, random, re, secrets, shutil, statistics, subprocess, sys
import tempfile, threading, time, urllib.parse, urllib.request, uuid

BINARY = None

def fail(why):
    print("FAIL", why); sys.exit(1)

def run(*args):
    return subprocess.run([BINARY, *map(str, args)], capture_output=True, text=True)

def key(data, *extra):
    r = run("keys", "create", "--data", data, "--name", "bar", "--json", *extra)
    if r.returncode: fail("keys create: " + r.stderr[-300:])
    return json.loads(r.stdout)["token"]

@contextlib.contextmanager
def server(data, env):
    """A server of its own, gone with the block."""
    with open(os.path.join(data, "serve.err"), "w") as log:
        p = subprocess.Popen([BINARY, "serve", "--data", data, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=log,
                             text=True, env={**os.environ, **env})
        try:
            line = p.stdout.readline()
            m = re.search(r"127\.0\.0\.1:(\d+)", line)
            if not m: fail(f"serve's first line has no address: {line!r}")
            yield "http://127.0.0.1:" + m.group(1), p
        finally:
            p.terminate()
            try: p.wait(20)
            except subprocess.TimeoutExpired: p.kill()

PUBLIC = {"/healthz", "/readyz", "/metrics", "/sign-in"}
SAID = {"refund": ["My refund has not arrived yet", "I am still waiting for my refund", "Where is my refund, it has not arrived",
                   "The refund you promised has not arrived", "My refund did not arrive", "I did not get my refund yet"],
        "login": ["I can not log in to my account", "I cannot log into my account", "Logging in to my account does not work",
                  "My account does not let me log in", "I am unable to log in to my account", "I can't log in to my account any more"],
        "card": ["My card was declined at the shop", "The shop declined my card", "My card got declined when I paid",
                 "Why was my card declined in the shop", "Payment by card was declined", "My new card was declined"]}
VOLATILE = {"x-request-id", "date", "ratelimit-remaining", "ratelimit-reset"}

class Client:
    """One connection, kept alive."""
    def __init__(self, base, token=None):
        self.at, self.token, self.con = urllib.parse.urlsplit(base), token, None
    def call(self, method, path, body=None, headers=None):
        h = {"authorization": "Bearer " + self.token} if self.token else {}
        data = None
        if isinstance(body, bytes): data = body
        elif body is not None: data, h["content-type"] = json.dumps(body).encode(), "application/json"
        h.update(headers or {})
        for last in (False, True):
            try:
                self.con = self.con or http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=60)
                self.con.request(method, path, data, h)
                r = self.con.getresponse()
                if r.getheader("content-type", "").startswith("text/event-stream"):
                    # it has no end: what comes first is read
                    text, self.con = r.read1(65_536), self.con.close()
                    return r.status, text.decode("utf8", "replace"), {k.lower(): v for k, v in r.getheaders()}
                return r.status, r.read().decode("utf8", "replace"), {k.lower(): v for k, v in r.getheaders()}
            except (http.client.HTTPException, OSError):
                self.con = None
                if last: raise
    def ok(self, method, path, body=None):
        s, t, _ = self.call(method, path, body)
        if not 200 <= s < 300: fail(f"{method} {path} -> {s} {t[:300]}")
        return json.loads(t) if t else None

def wait(what, f, seconds=90):
    end = time.time() + seconds
    while time.time() < end:
        got = f()
        if got: return got
        time.sleep(.3)
    fail("waited too long for " + what)

def write_file(path, mark):
    """Conversations of three kinds, each from several contacts, whose every value carries the organization's mark."""
    with open(path, "w") as f:
        for kind, texts in SAID.items():
            for i in range(24):
                who = f"{mark}{kind}{i}"
                f.write(json.dumps({"id": who, "channel": "chat", "language": "en", "created_at": "2026-06-%02dT10:00:00Z" % (i % 27 + 1),
                    "contact": {"email": f"{who}@example.com", "name": f"{mark.title()} Surname{i}", "custom_data": {"of": mark}},
                    "custom_data": {"of": mark}, "tags": [mark + "-tag"],
                    "turns": [{"role": "contact", "text": texts[i % len(texts)] + f"\n\nSent via the {mark} help widget"}]}) + "\n")

def fill(c, mark):
    """One of everything that has an id."""
    ids, made = {}, lambda b: b["id"]
    ids["team"] = made(c.ok("POST", "/teams", {"name": mark + " team"}))
    ids["category"] = made(c.ok("POST", "/categories", {"name": mark + " category"}))
    c.ok("PUT", "/tags", {"tag_name": mark + "-tag2", "category_id": ids["category"]})
    ids["contact"] = made(c.ok("POST", "/contacts", {"contact": {"email": mark + "@example.com", "name": mark}}))
    ids["session"] = made(c.ok("POST", "/chat/sessions", {"contact_id": ids["contact"], "team_id": ids["team"], "custom_data": {"of": mark}}))
    c.ok("POST", f"/chat/sessions/{ids['session']}/send", {"sender": "contact", "message": {"type": "text", "text": f"{mark} sends a file",
        "attachments": [{"name": mark + ".txt", "mime_type": "text/plain", "base64": base64.b64encode(mark.encode()).decode()}]}})
    items = c.ok("GET", f"/chat/sessions/{ids['session']}/history")["items"]
    files = [a for i in items for a in i["event"].get("attachments", [])]
    ids["attachment"] = files[0]["url"].rsplit("/", 1)[1]
    ids["message"] = next(i["id"] for i in items if i["event"]["type"] == "message")
    hook = c.ok("POST", "/webhooks", {"url": f"https://{mark}.invalid/hook", "description": mark, "events": ["webhook.test"]})
    ids["webhook"], ids["webhook_secret"] = hook["id"], hook["secret"]
    ids["delivery"] = made(c.ok("POST", f"/webhooks/{ids['webhook']}/test"))
    found = wait("three insights of " + mark, lambda: (lambda d: d if len(d) >= 3 else None)(c.ok("POST", "/insights", {})["data"]))
    ids["boilerplate"] = made(c.ok("GET", "/boilerplate")[0])
    ids["insight"], ids["insight2"], ended = (i["id"] for i in found[:3])
    c.ok("POST", f"/insights/{ids['insight2']}/merge", {"insight_ids": [ended]})
    ids["ended_insight"] = ended
    events = c.ok("GET", f"/insights/{ids['insight2']}/events")
    ids["event"] = next(e["id"] for e in events["items"] if e["kind"] == "merged")
    ids["insight_session"], *ids["split"] = (i["session_id"] for i in c.ok("GET", f"/insights/{ids['insight']}/sessions")["items"][:7])
    edit = {"content": f"{mark} says so", "category_id": ids["category"], "team_id": ids["team"]}
    ids["operation"] = c.call("PATCH", f"/insights/{ids['insight']}", edit)[2]["operation-id"]
    ids["view"] = made(c.ok("POST", "/views", {"name": mark + " view", "filter": {"search": [mark]}, "shared": True}))
    said = json.dumps({"id": mark + "-imported", "turns": [{"text": mark + " was imported"}]})
    form = f'--b\r\ncontent-disposition: form-data; name="file"; filename="{mark}.jsonl"\r\n\r\n{said}\r\n--b--\r\n'
    s, text, _ = c.call("POST", "/imports", form.encode(), {"content-type": "multipart/form-data; boundary=b"})
    if s != 200: fail(f"POST /imports -> {s} {text[:300]}")
    ids["import"] = json.loads(text)["id"]
    wait("the import of " + mark, lambda: c.ok("GET", "/imports/" + ids["import"])["status"] == "done")
    ids["member"] = c.ok("POST", "/members", {"email": f"member-{mark}@example.com", "role": "viewer"})["member"]["id"]
    ids["key"] = made(c.ok("POST", "/keys", {"name": mark, "scopes": ["teams:read"]}))
    gone = c.ok("POST", "/contacts", {"contact": {"email": "gone-" + mark + "@example.com"}})["id"]
    headers = c.call("DELETE", "/contacts/" + gone)[2]
    ids["erasure"] = headers["x-erasure-id"]
    ids["audit"] = made(c.ok("POST", "/audits", {"pairs": 20}))
    ids["research"] = made(c.ok("POST", f"/insights/{ids['insight']}/deep-research"))
    wait("the research of " + mark, lambda: c.ok("GET", f"/insights/{ids['insight']}/deep-research")["state"] == "done")
    return ids

def param(path, name):
    """Which kind of id a path parameter is."""
    known = {"session_id": "session", "contact_id": "contact", "delivery_id": "delivery"}
    if name in known: return known[name]
    of = {"insights": "insight", "attachments": "attachment", "webhooks": "webhook", "categories": "category", "teams": "team", "contacts": "contact",
          "erasures": "erasure", "boilerplate": "boilerplate", "imports": "import", "operations": "operation", "views": "view", "members": "member", "me": "member", "keys": "key",
          "audits": "audit"}
    return of.get(path.split("/")[1])

def bodies(own):
    """A body for each operation that gets past the checks of its form; ids in it are the caller's own."""
    return {
        "createChatSession": {}, "updateChatSession": {"custom_data": {"x": "1"}}, "filterChatSessions": {},
        "sendMessage": {"sender": "contact", "message": {"type": "text", "text": "hello"}},
        "saveContact": {"contact": {"email": "n@example.com"}}, "updateContact": {"contact": {"name": "n"}},
        "createImport": {"path": "none.jsonl"}, "getVocInsights": {}, "updateInsight": {"content": "Taken over"}, "filterInsightSessions": {},
        "decideInsightSession": {"belongs": False}, "mergeInsights": {"insight_ids": [own["insight2"]]},
        "previewInsightMerge": {"insight_ids": [own["insight2"]]}, "splitInsight": {"session_ids": own["split"][:3]},
        "previewInsightSplit": {"session_ids": own["split"][3:]}, "undoInsightDecision": {"event_id": own["event"]},
        "archiveInsight": {"policy": "forever"}, "decideInsights": {"decision": "resolve", "insight_ids": [own["insight"]], "dry_run": True},
        "getInsightTrends": {"insight_ids": [own["insight"]]}, "createCategory": {"name": "c" + secrets.token_hex(4)},
        "updateCategory": {"description": "d"}, "createTeam": {"name": "t"}, "updateSettings": {"regress_grace_days": 1}, "upsertTag": {"tag_name": "t"},
        "redactMessage": {"messageId": own["message"]}, "redactSession": {"sessionId": own["session"]},
        "previewInsightArchive": {"policy": "forever"}, "updateTeam": {"description": "d"}, "retryJobs": {"all": True}, "createView": {"name": "v", "shared": True},
        "updateView": {"name": "v"}, "orderViews": {"ids": [own["view"]]}, "previewCategory": {"category_id": own["category"]},
        "previewSettings": {"regress_grace_days": 1}, "testLanguageModel": {},
        "inviteMember": {"email": secrets.token_hex(4) + "@example.com", "role": "viewer"}, "updateMember": {"name": "m"}, "createMemberLink": {},
        "createKey": {"name": "k", "scopes": ["keys:write"]}, "signIn": {}, "updateMe": {"name": "m"}, "changeMyPassword": {"password": "p" * 12},
        "listInsightRows": {}, "getInsightFacets": {"by": ["channel", "team"], "insight_id": own["insight"]}, "getOverviewOfSlice": {},
        "filterInsightPeople": {}, "filterInsightTrend": {}, "getOverviewSeries": {}, "queryChatSessions": {},
        "revealChatSession": {}, "drawAudit": {"pairs": 20}, "judgeAuditPair": {"answer": "same"},
        "createWebhook": {"url": "https://x.invalid/"}, "updateWebhook": {"description": "d"}, "rotateWebhookSecret": {},
    }

def foreign_in_bodies(own):
    """Requests on the caller's own things that name a thing by an id in body or query: (method, path, body), `$` is the id."""
    i, s = own["insight"], own["session"]
    one = lambda kind, *requests: [(kind, *r) for r in requests]
    return (
        one("contact", ("POST", "/chat/sessions", {"contact_id": "$"}), ("PATCH", f"/chat/sessions/{s}", {"contact_id": "$"}),
            ("POST", "/chat/sessions/filter", {"filters": {"contact_ids": ["$"]}}), ("GET", "/chat/sessions/search?q=a&contact_id=$", None),
            ("POST", "/insights", {"sessionContactId": "$"}), ("POST", f"/insights/{i}/sessions", {"filter": {"sessionContactId": ["$"]}}))
        + one("team", ("POST", "/chat/sessions", {"team_id": "$"}), ("PATCH", f"/chat/sessions/{s}", {"team_id": "$"}),
            ("POST", "/chat/sessions/filter", {"filters": {"team_ids": ["$"]}}), ("POST", "/insights", {"teamId": "$"}),
            ("PATCH", f"/insights/{i}", {"team_id": "$"}), ("POST", "/categories", {"name": "c0", "team_id": "$"}),
            ("PATCH", f"/categories/{own['category']}", {"team_id": "$"}),
            ("POST", "/insights/bulk", {"decision": "assign", "insight_ids": [i], "assign": {"team_id": "$"}}),
            ("POST", "/insights/bulk", {"decision": "resolve", "filter": {"teamId": "$"}}))
        + one("category", ("PATCH", f"/insights/{i}", {"category_id": "$"}), ("PUT", "/tags", {"tag_name": "t1", "category_id": "$"}),
            ("POST", "/insights/bulk", {"decision": "assign", "insight_ids": [i], "assign": {"category_id": "$"}}))
        + [(kind, *r) for kind in ("insight", "ended_insight") for r in (
            ("POST", f"/insights/{i}/merge", {"insight_ids": ["$"]}), ("POST", f"/insights/{i}/merge/preview", {"insight_ids": ["$"]}),
            ("POST", "/insights/bulk", {"decision": "resolve", "insight_ids": ["$"]}),
            ("POST", "/insights/bulk", {"decision": "archive", "archive": {"policy": "forever"}, "insight_ids": ["$"]}),
            ("POST", "/insights/trends", {"insight_ids": ["$"]}))]
        + one("insight_session", ("POST", f"/insights/{i}/split", {"session_ids": ["$"]}), ("POST", f"/insights/{i}/split/preview", {"session_ids": ["$"]}),
            ("PUT", f"/insights/{i}/sessions/$", {"belongs": True}), ("PUT", f"/insights/{i}/sessions/$", {"belongs": False}),
            ("DELETE", f"/insights/{i}/sessions/$", None))
        + one("category", ("POST", "/categories/preview", {"category_id": "$"}), ("POST", "/categories/preview", {"category_id": "$", "delete": True}))
        + [(kind, *r) for kind in ("insight", "ended_insight") for r in (
            ("POST", "/insights/facets", {"by": ["channel"], "insight_id": "$"}), ("POST", "/chat/sessions/query", {"insight_ids": ["$"]}))]
        + one("view", ("PUT", "/views/order", {"ids": ["$"]}))
        + one("team", ("POST", "/views", {"name": "v", "shared": True, "filter": {"teamId": ["$"]}}))
        + one("operation", ("POST", "/jobs/retry", {"ids": ["$"]}))
        + one("message", ("POST", "/redaction/message", {"messageId": "$"}))
        + one("session", ("POST", "/redaction/session", {"sessionId": "$"}))
        + one("event", ("POST", f"/insights/{own['insight2']}/undo", {"event_id": "$"}))
        + one("delivery", ("POST", f"/webhooks/{own['webhook']}/deliveries/$/replay", None))
        + [(kind, "GET", path + "cursor=" + "$cursor", None) for kind in ("session", "contact", "insight_session") for path in
           ("/chat/sessions?", "/contacts?", f"/insights/{i}/sessions?", f"/chat/sessions/{s}/history?", "/chat/messages/set-aside?", f"/webhooks/{own['webhook']}/deliveries?")]
    )

def put(x, id):
    """The same with the id in it."""
    if isinstance(x, dict): return {k: put(v, id) for k, v in x.items()}
    if isinstance(x, list): return [put(v, id) for v in x]
    if not isinstance(x, str): return x
    cursor = base64.urlsafe_b64encode((1_790_000_000_000_000).to_bytes(8, "big") + uuid.UUID(id).bytes).decode().rstrip("=")
    return x.replace("$cursor", cursor).replace("$", id)

def absent(like):
    """An id that nobody has, of the same time and version."""
    u = bytearray(uuid.UUID(like).bytes)
    for at, b in zip((*range(9, 16),), secrets.token_bytes(7)): u[at] = b
    return str(uuid.UUID(bytes=bytes(u)))

def seen(answer, ids):
    """What of an answer may not differ."""
    status, text, headers = answer
    for id in ids: text = text.replace(id, "<id>")
    # ids and times that the caller itself just made
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "<time>", text)
    rest = {k: v for k, v in headers.items() if k not in VOLATILE | {"content-length", "etag"}}
    return status, text, tuple(sorted(rest.items()))

def snapshot(c, doc, ids):
    """Everything of an organization that its key can read."""
    parts = {}
    for path in [f"/exports?what={w}" for w in ("conversations", "insights", "occurrences")] + \
            ["/teams", "/tags", "/categories", "/boilerplate", "/webhooks", "/insights/themes", "/insights/shadow", f"/webhooks/{ids['webhook']}",
             f"/webhooks/{ids['webhook']}/deliveries?state=delivered", "/contacts", "/chat/sessions", "/chat/messages/set-aside", "/imports"] + \
            [f"/insights/{ids[k]}{t}" for k in ("insight", "insight2") for t in ("", "/events", "/lineage", "/proof", "/wording", "/sessions")]:
        parts[path] = c.call("GET", path)[:2]
    return parts

class Report:
    def __init__(self): self.counts, self.leaks, self.notes = {}, [], []
    def did(self, what, n=1): self.counts[what] = self.counts.get(what, 0) + n
    def leak(self, what): self.leaks.append(what); print("LEAK", what)

def tenancy(doc, a, b, A, B, mark, report):
    own_bodies = bodies(B)
    secret_of_a = [v for k, v in A.items() if k != "split"] + A["split"]
    def compare(name, method, path, body, foreign, headers=None):
        other = absent(foreign)
        got = b.call(method, put(path, foreign), put(body, foreign), headers)
        none = b.call(method, put(path, other), put(body, other), headers)
        report.did("requests with a foreign id")
        if seen(got, [foreign]) != seen(none, [other]):
            report.leak(f"{name}: foreign {got[0]} {got[1][:120]!r}, absent {none[0]} {none[1][:120]!r}")
        for text in (got[1],):
            told = [s for s in secret_of_a if s in text and s != foreign]
            if told or mark in text.lower(): report.leak(f"{name}: answers with something of the other organization: {text[:160]!r}")
        if got[0] >= 500: report.leak(f"{name}: {got[0]}")
        return got[0]
    statuses = {}
    for path, methods in doc["paths"].items():
        path = path.replace("{position}", "1")
        names = re.findall(r"\{(\w+)\}", path)
        for method, op in methods.items():
            if method not in ("get", "post", "put", "patch", "delete"): continue
            kinds = [param(path, n) for n in names]
            if None in kinds: fail(f"{method} {path}: what is {names} the id of? teach scripts/matrix.py")
            body = own_bodies.get(op["operationId"])
            if "requestBody" in op and op["operationId"] not in own_bodies:
                fail(f"{op['operationId']} has a body that scripts/matrix.py does not know")
            # each parameter foreign in turn, the others the caller's own; then all foreign
            for at in [*range(len(names))] + (["all"] if len(names) > 1 else []):
                full = path
                for j, (n, k) in enumerate(zip(names, kinds)):
                    full = full.replace("{%s}" % n, "$" if j == at else A[k] if at == "all" and j else "$" if at == "all" else B[k])
                foreign = A[kinds[0 if at == "all" else at]]
                s = compare(f"{method.upper()} {path} [{at}]", method.upper(), full, body, foreign)
                statuses.setdefault(s, []).append(f"{method.upper()} {path}")
            if not names and method in ("get",) or op["operationId"] in ("getVocInsights", "filterChatSessions"):
                s, text, _ = b.call(method.upper(), path + ("?q=a" if "search" in path else ""), body)
                report.did("lists")
                if mark in text.lower() or any(v in text for v in secret_of_a): report.leak(f"{method.upper()} {path} lists something of the other organization")
    for kind, method, path, body in foreign_in_bodies(B):
        compare(f"{method} {path} {json.dumps(body) if body else ''} with a foreign {kind}", method, path, body, A[kind])
    for q in (mark, "surname1", f"{mark}refund1@example.com"):
        for method, path, body in (("GET", "/chat/sessions/search?q=" + urllib.parse.quote(q), None), ("POST", "/insights", {"search": q}),
                                   ("POST", "/insights", {"contactCustomData": [{"of": mark}]}), ("POST", "/insights", {"ticketCustomData": [{"of": mark}]}),
                                   ("POST", "/insights", {"category": mark + " category"}),
                                   ("POST", "/chat/sessions/filter", {"filters": {"tags": [mark + "-tag"]}}), ("POST", "/chat/sessions/filter", {"filters": {"custom_data": {"of": mark}}})):
            s, text, _ = b.call(method, path, body); report.did("searches for the other's words")
            if mark + "refund" in text or any(v in text for v in secret_of_a): report.leak(f"{method} {path} {body} finds something of the other organization")
    # the same e-mail address and tag in both organizations stay apart
    s, text, _ = b.call("POST", "/contacts", {"contact": {"email": f"{mark}refund1@example.com", "name": "Mine"}})
    if s != 200 or A["contact"] in text: report.leak("saving a contact with the other's address: " + text[:100])
    odd = {s: sorted(set(v)) for s, v in statuses.items() if s not in (404,)}
    for s, v in odd.items(): report.notes.append(f"foreign ids in paths answered {s}: {', '.join(v)}")

def control(doc, b, B, report):
    """The same requests on the caller's own things: they must get through, or the 404s above would say nothing."""
    own_bodies = bodies(B)
    order = lambda p, m: 0 if p.endswith("/split/preview") else 1 if p.endswith(("/split", "/undo")) else 5 if p.startswith("/boilerplate") else {"delete": 4, "post": 3}.get(m, 2)
    todo = [(order(p, m), p, m, o) for p, methods in doc["paths"].items() for m, o in methods.items() if "{" in p and m in ("get", "post", "put", "patch", "delete")]
    for _, path, method, op in sorted(todo, key=lambda t: (t[0], t[1])):
        full = path.replace("{id}", B["insight2"]) if path == "/insights/{id}/undo" else path
        full = full.replace("{position}", "1")
        for n in re.findall(r"\{(\w+)\}", full): full = full.replace("{%s}" % n, B["insight_session"] if n == "session_id" and "/insights/" in path else B[param(path, n)])
        s, text, _ = b.call(method.upper(), full, own_bodies.get(op["operationId"]))
        report.did("own ids get through" if s in (200, 409) else "own ids do not get through")
        if s not in (200, 409): report.notes.append(f"control: {method.upper()} {path} of one's own answered {s} {text[:110]}")

def timing(b, A, B, rounds, report):
    for name, method, path, body, id in (("session", "GET", "/chat/sessions/$", None, A["session"]), ("insight", "GET", "/insights/$", None, A["insight"]),
                                         ("attachment", "GET", "/attachments/$", None, A["attachment"]), ("webhook", "GET", "/webhooks/$", None, A["webhook"]),
                                         ("contact", "PATCH", "/contacts/$", {"contact": {}}, A["contact"])):
        took, order = ([], []), [(f, id if f else absent(id)) for f in (0, 1) for _ in range(rounds)]
        random.shuffle(order)
        for is_foreign, this in order:
            t = time.perf_counter(); b.call(method, put(path, this), body); took[is_foreign].append(time.perf_counter() - t)
        m = [statistics.median(t) * 1e6 for t in took]
        spread = statistics.median(abs(x * 1e6 - m[0]) for x in took[0])
        report.notes.append(f"timing, {name}: absent {m[0]:.0f} us, foreign {m[1]:.0f} us (median of {rounds}, spread {spread:.0f} us)")

def scopes(doc, data, base, report):
    """Each route with a key of each scope alone, on an organization that has nothing."""
    listed = run("keys", "create", "--data", data, "--name", "x", "--scopes", "nothing:read", "--org", "empty").stderr
    words = sorted({m for op in doc["paths"].values() for o in op.values() for m in re.findall(r"Needs the scope `([\w:-]+)`", o.get("description", ""))})
    more = ["actions", "autopilot", "blocklist", "crawl", "csat", "email", "org", "redaction", "training", "widget", "workflows"]
    every = sorted(set(words) | {w.split(":")[0] + ":" + a for w in words for a in ("read", "write")} | {f"{m}:{a}" for m in more for a in ("read", "write")})
    clients = {s: Client(base, key(data, "--org", "empty", "--scopes", s)) for s in every}
    none, wrong = Client(base), Client(base, "rfr_live_" + "A" * 43)
    some = str(uuid.uuid4())
    blank = {k: some for k in ("insight", "insight2", "insight_session", "event", "team", "category", "session", "message", "webhook", "view", "member", "key")} | {"split": [some] * 6}
    some_bodies = bodies(blank)
    for path, methods in doc["paths"].items():
        full = re.sub(r"\{\w+\}", some, path) + ("?q=a" if path.endswith("/search") else "?what=insights" if path == "/exports" else "")
        for method, op in methods.items():
            if method not in ("get", "post", "put", "patch", "delete"): continue
            name, body = f"{method.upper()} {path}", some_bodies.get(op["operationId"])
            need = re.findall(r"Needs the scope `([\w:-]+)`", op.get("description", ""))
            for c, who in ((none, "no key"), (wrong, "an unknown key")):
                s, text, _ = c.call(method.upper(), full, body); report.did("requests without a key")
                if (s == 401) != (path not in PUBLIC): report.leak(f"{name} with {who}: {s}")
            if path in PUBLIC: continue
            for_members = op.get("security") == [{"cookieAuth": []}]
            if len(need) != 1 and not for_members: report.leak(f"{name}: the document names no scope")
            for scope, c in clients.items():
                s, text, _ = c.call(method.upper(), full, body); report.did("requests with one scope")
                gives_more = op["operationId"] == "inviteMember" and "no more than the one who gives it" in text
                # what is masked is shown to who may read the conversation anyway
                gives_more |= op["operationId"] == "revealChatSession" and "chat-sessions:read" in text
                if scope in need and s in (401, 403) and not gives_more: report.leak(f"{name} refuses its own scope {scope}: {s} {text[:100]}")
                if scope not in need and s != 403: report.leak(f"{name} needs {need} and lets {scope} in: {s} {text[:100]}")
    for missing in ("insights:read", "chat-sessions:read", "contacts:read"):
        rest = ",".join(s for s in ("insights:read", "chat-sessions:read", "contacts:read") if s != missing)
        s, _, _ = Client(base, key(data, "--org", "empty", "--scopes", rest)).call("GET", "/exports"); report.did("requests with one scope")
        if s != 403: report.leak(f"GET /exports of conversations without {missing}: {s}")
    if "no such scope" not in listed: report.leak("keys create takes a scope that does not exist")

def revoked(data, base, report):
    r = json.loads(run("keys", "create", "--data", data, "--name", "gone", "--json", "--org", "empty").stdout)
    c = Client(base, r["token"])
    if c.call("GET", "/teams")[0] != 200: report.leak("a new key does not work")
    kept = c.con
    run("keys", "revoke", r["id"], "--data", data, "--org", "empty")
    s = c.call("GET", "/teams")[0]; report.did("revoked keys")
    if s != 401: report.leak(f"a revoked key on a connection kept open: {s}")
    if c.con is not kept: report.notes.append("the connection was not kept open at revocation")
    if r["token"] in run("keys", "list", "--data", data, "--org", "empty", "--json").stdout: report.leak("keys list shows tokens")

def told(data, base, a, report):
    """Whether a key that may only set webhooks comes to read conversations that way."""
    got, mark = [], "told" + secrets.token_hex(6)
    class Take(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.rfile.read(int(self.headers.get("content-length", 0))).decode()); self.send_response(200); self.end_headers()
        def log_message(self, *_): pass
    s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Take); threading.Thread(target=s.serve_forever, daemon=True).start()
    c = Client(base, key(data, "--org", "alphaone", "--scopes", "webhooks:write"))
    status, text, _ = c.call("POST", "/webhooks", {"url": f"http://127.0.0.1:{s.server_port}/"})
    report.did("webhooks by a key without the scopes of what is told")
    if status == 200:
        id = a.ok("POST", "/chat/sessions", {"contact": {"email": mark + "@example.com"}})["id"]
        a.ok("POST", f"/chat/sessions/{id}/send", {"sender": "contact", "message": {"type": "text", "text": "my secret is " + mark}})
        for _ in range(30):
            if any(mark in g for g in got): break
            time.sleep(.2)
        if any(mark in g for g in got):
            report.leak("a key of webhooks:write alone is told messages and contacts (without chat-sessions:read, contacts:read)")
    s.shutdown()

def main():
    global BINARY
    p = argparse.ArgumentParser(); p.add_argument("binary"); p.add_argument("--timing", type=int, default=0); p.add_argument("--keep")
    p.add_argument("--database-url"); args = p.parse_args()
    BINARY = os.path.abspath(args.binary)
    data = args.keep or tempfile.mkdtemp(prefix="matrix"); os.makedirs(data, exist_ok=True)
    env = {"REFRAIN_RATE_LIMIT": "0", "REFRAIN_WEBHOOKS_PRIVATE": "true"}
    if args.database_url: os.environ["REFRAIN_DATABASE_URL"] = args.database_url
    report, marks = Report(), {"alphaone": "alphaone", "betatwo": "betatwo"}
    tokens = {m: key(data, "--org", m, "--member", f"{m}-member@example.com", "--member-name", f"{m} member") for m in marks}
    for m in marks:
        write_file(os.path.join(data, m + ".jsonl"), m)
        r = run("import", os.path.join(data, m + ".jsonl"), "--data", data, "--org", m)
        if r.returncode: fail("import: " + r.stderr[-300:])
    with server(data, env=env) as (base, p):
        a, b = Client(base, tokens["alphaone"]), Client(base, tokens["betatwo"])
        doc = Client(base).ok("GET", "/openapi.json")
        A, B = fill(a, "alphaone"), fill(b, "betatwo")
        if set(map(str, A.values())) & set(map(str, B.values())): fail("two organizations share an id")
        before = wait("quiet", lambda: (lambda x, _, y: x if x == y else None)(snapshot(a, doc, A), time.sleep(2), snapshot(a, doc, A)))
        tenancy(doc, a, b, A, B, "alphaone", report)
        time.sleep(2)
        after = snapshot(a, doc, A)
        for path in before:
            report.did("parts of the other organization compared")
            if before[path] != after[path]: report.leak(f"the other organization changed: {path}")
        control(doc, b, B, report)
        if args.timing: timing(b, A, B, args.timing, report)
        scopes(doc, data, base, report)
        revoked(data, base, report)
        told(data, base, a, report)
        s, text, _ = Client(base).call("GET", "/metrics")
        if any(w in text for w in ("alphaone", "betatwo", *(v for v in A.values() if isinstance(v, str)))): report.leak("/metrics names something of an organization")
    log = open(os.path.join(data, "serve.err")).read()
    for what in ("alphaonerefund", "Surname", *tokens.values(), A["webhook_secret"], "hello"):
        if what in log: report.leak("the log has " + what[:12])
    if not args.keep: shutil.rmtree(data, ignore_errors=True)
    n = sum(len([m for m in v if m in ("get", "post", "put", "patch", "delete")]) for v in doc["paths"].values())
    print(f"{n} operations of {len(doc['paths'])} paths")
    for what, count in report.counts.items(): print(f"{count:6} {what}")
    for note in report.notes: print("note:", note)
    print("LEAKS:" if report.leaks else "no leak")
    for leak in report.leaks: print(" -", leak)
    return 1 if report.leaks else 0

if __name__ == "__main__": sys.exit(main())
