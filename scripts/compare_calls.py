"""The conversations, calls and commands by which `compare-builds.py` compares two builds."""

import base64
import json

# headers whose values are compared; of the others, that they are there
HEADERS = {"content-type", "etag", "content-disposition", "x-content-type-options", "retry-after", "allow"}
# what is made by chance and no id
CHANCE_COLUMNS = {"token_hash", "secrets", "lease_id", "clock"}
# what depends on which conversations were read together, and on ids: the order of changes, and which of equal statements
# is encoded for all of them
LEFT_OUT = {"changes": {"seq", "created_at"}, "statements": {"finer"}}
DISTINCT = {"changes"}
# an id, and the words by which what it names is known
NAMES = [
    "select id, 'session', ticket_number from sessions",
    "select id, 'insight', insight_number from insights",
    "select id, 'team', name from teams",
    "select id, 'category', name from categories",
    "select id, 'theme', name from themes",
    "select id, 'member', email from members",
    "select id, 'key', name from api_keys",
    "select id, 'contact', coalesce(email, ''), coalesce(phone_number, ''), coalesce(non_verified_email, '') from contacts",
    "select m.id, 'message', s.ticket_number, m.seq from messages m join sessions s on s.id = m.session_id",
    "select t.id, 'statement', s.ticket_number, t.position from statements t join sessions s on s.id = t.session_id",
]
SAYINGS = {
    "refund": ["My refund has not arrived yet", "Where is my refund?", "I am still waiting for my refund",
               "When will I get my refund?"],
    "password": ["I forgot my password and cannot log in", "How do I reset my password?",
                 "My password does not work", "Please reset my password"],
    "invoice": ["I need a copy of my invoice", "Please send me the invoice again",
                "Where can I download my invoice?", "The invoice did not come"],
    "parcel": ["Wo ist mein Paket?", "Mein Paket ist nicht angekommen", "Where is my parcel?",
               "My parcel has not arrived"],
}


def records():
    """Makes conversations with contacts, custom data, tags, teams, handoffs and attachments."""
    made = []
    for i in range(160):
        subject = list(SAYINGS)[i % 4]
        record = {
            "id": f"r{i}",
            "created_at": f"2026-0{1 + i % 6}-{1 + i % 28:02}T08:{i % 60:02}:00Z",
            "channel": ["chat", "email", "phone", "whatsapp"][i // 4 % 4],
            "status": ["closed_resolved", "open", "closed_unresolved"][i % 3],
            "turns": [
                {"role": "contact", "text": SAYINGS[subject][i // 4 % 4], "id": f"m{i}", "name": f"Ada {i}"},
                {"role": "agent", "text": "Let me see.", "created_at": f"2026-0{1 + i % 6}-{1 + i % 28:02}T09:00:00Z"},
            ],
            "custom_data": {"plan": ["free", "pro"][i // 5 % 2], "order": i, "vip": i % 7 == 0},
        }
        if i % 4 != 3 or i % 8 == 3:
            record["contact"] = {"email": f"c{i % 50}@example.com", "name": f"Contact {i % 50}",
                                 "custom_data": {"tier": str(i % 3)}}
        if i % 5 == 0:
            record |= {"tags": ["late", "vip"], "team": ["Billing", "Care"][i % 2], "assignee_id": "12",
                       "ai_closure_type": "handed_off", "handoff": {"summary": "Wants a person", "sentiment": "angry"}}
        if i % 9 == 0:
            record["ticketing_system"] = {"name": "zendesk", "external_id": str(i), "id_type": "ticket_id"}
        made.append(record)
    return made


def prepare(build, with_sample):
    """Makes an organization and a key, and imports conversations."""
    build.command("config")
    build.command("config", "--json", "--language", "de", "--contacts-min", "5")
    build.command("keys", "create", "--name", "first", keep=False)
    build.fix_org_id()
    made = build.command("keys", "create", "--name", "compare", "--member", "mo@example.com", "--member-name", "Mo",
                         "--json", keep=False)
    build.token = json.loads(made)["token"]
    made = build.command("keys", "create", "--name", "reader", "--scopes", "insights:read", "--json", keep=False)
    build.reader = json.loads(made)["token"]
    build.command("keys", "create", "--name", "bad", "--scopes", "everything")
    if with_sample:
        build.command("demo", "--no-serve", "--listen", "127.0.0.1:0")
    (build.folder / "made.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records()))
    (build.folder / "bad.jsonl").write_text('{"id": 1}\n{"id": "x", "turns": [{"role": "boss", "text": "x"}]}\nno\n')
    (build.folder / "bad.toml").write_text('colour = "red"\n')
    for args in (["made.jsonl", "--json"], ["made.jsonl"], ["bad.jsonl"], ["missing.jsonl"]):
        build.command("import", *args)
    build.command("config", "--config", "bad.toml")
    build.command("doctor")


def insight_about(build, word, **more):
    """Finds the insight that most say of those with a word in it."""
    found = build.call("POST", "/insights", {"search": word, **more}, place=f"insights about {word} {more or ''}")
    if not found["data"]:
        raise LookupError(f"no insight about {word}")
    return f"/insights/{found['data'][0]['id']}"


def ask(build, receiver_url):
    """Calls every operation at least once."""
    call = build.call
    call("GET", "/openapi.json")
    for path in ["/healthz", "/readyz", "/metrics", "/nowhere"]:
        call("GET", path)
    call("DELETE", "/insights")
    call("GET", "/contacts", token="nobody")
    call("GET", "/contacts", token=build.reader)
    hook = call("POST", "/webhooks", {"url": receiver_url, "description": "all"})
    read_lists(build)
    build.settle()
    read_insights(build)
    people(build)
    sessions(build)
    decide(build)
    curate(build)
    bulk(build)
    research(build)
    webhooks(build, hook["id"])
    refuse(build)
    build.settle()
    read_insights(build)
    call("GET", "/metrics")


def read_lists(build):
    """Walks the lists of sessions and contacts."""
    call = build.call
    page = call("GET", "/chat/sessions")
    call("GET", f"/chat/sessions?cursor={page['next']}", place="the second page of sessions")
    for query in ["status=open", "channel_type=email", "handed_off=true", "created_after=2026-03-01",
                  "updated_before=2020-01-01"]:
        call("GET", f"/chat/sessions?{query}")
    for text in ["refund", "c7@example.com", "Paket"]:
        call("GET", f"/chat/sessions/search?q={text}")
    for filters in [{}, {"tags": ["late"]}, {"statuses": ["open"], "channels": ["email"]}, {"languages": ["de"]}]:
        call("POST", "/chat/sessions/filter", {"filters": filters, "limit": 5, "page": 2},
             place=f"sessions filtered by {filters}")
    page = call("GET", "/contacts")
    if page["next"]:
        call("GET", f"/contacts?cursor={page['next']}", place="the second page of contacts")
    for path in ["/teams", "/tags", "/categories"]:
        call("GET", path)
    for what in ["conversations", "insights", "occurrences"]:
        for form in ["jsonl", "csv", "parquet"]:
            call("GET", f"/exports?what={what}&format={form}")


def read_insights(build):
    """Lists insights by every filter, and reads what there is of one."""
    call = build.call
    contacts = call("GET", "/chat/sessions/search?q=c7@example.com", place="sessions of a contact")
    contact = next((s["contact_id"] for s in contacts.get("items", contacts.get("data", [])) if s.get("contact_id")), None)
    bodies = [
        {}, {"page": 2}, {"status": "all"}, {"status": "resolved"}, {"status": "archived"}, {"sentiment": "angry"},
        {"minSessions": 10}, {"teamId": "none"}, {"insightNumber": 1}, {"sessionLanguage": "de"},
        {"channel": "email"}, {"ticketSentiment": "neutral"}, {"sessionStatus": "open"}, {"category": "Billing"},
        {"sessionFromDate": "2026-02-01", "sessionToDate": "2026-04-30"}, {"ticketCustomData": [{"plan": "pro"}]},
        {"contactCustomData": [{"tier": "1"}], "sortBy": "last_seen_at", "sortOrder": "asc"},
        {"sortBy": "first_seen_at"}, {"sortBy": "created_at", "sortOrder": "asc", "minSessions": 3},
    ]
    if contact:
        bodies.append({"sessionContactId": contact})
    for body in bodies:
        call("POST", "/insights", body, place=f"insights {body}")
    for path in ["/insights/themes", "/insights/shadow", "/overview"]:
        call("GET", path)
    insight = insight_about(build, "password", status="all")
    for part in ["", "/events", "/lineage", "/proof", "/sessions", "/trend", "/wording", "/deep-research",
                 "/trend?interval=week&from=2026-01-01&to=2026-06-30"]:
        call("GET", insight + part)
    call("POST", f"{insight}/sessions", {"filter": {"channel": ["email"]}})
    call("POST", "/insights/trends", {"insight_ids": [insight.removeprefix("/insights/")]})


def people(build):
    """Makes and changes contacts, teams, categories and tags."""
    call = build.call
    team = call("POST", "/teams", {"name": "Returns", "description": "Things sent back"})
    category = call("POST", "/categories", {"name": "Parcels", "description": "Parcels that are late", "team_id": team["id"]})
    call("PATCH", f"/categories/{category['id']}", {"name": "Lost parcels"})
    call("POST", "/categories", {"name": "Lost parcels"})
    call("PUT", "/tags", {"tag_name": "late", "description": "Too late", "category_id": category["id"]})
    call("PUT", "/tags", {"tag_name": "late", "exclude_from_auto_tagging": True})
    contact = call("POST", "/contacts", {"contact": {"email": "eve@example.com", "name": "Eve", "custom_data": {"a": "1"}}})
    call("PATCH", f"/contacts/{contact['id']}", {"contact": {"phone": "+49 30 1"}})
    call("PATCH", f"/contacts/{contact['id']}", {"contact": {"email": "c1@example.com"}})
    call("POST", "/contacts", {"contact": {"email": "gone@example.com"}})
    gone = call("POST", "/contacts", {"contact": {"email": "gone@example.com", "name": "Gone"}})
    call("DELETE", f"/contacts/{gone['id']}")
    call("DELETE", f"/categories/{category['id']}")
    call("GET", "/categories")


def sessions(build):
    """Opens a session, says things in it, and closes it."""
    call = build.call
    made = call("POST", "/chat/sessions", {
        "contact": {"email": "ada@example.com", "name": "Ada", "custom_data": {"plan": "pro"}}, "verified": True,
        "channel": {"type": "web"}, "custom_data": {"order": 5.5, "vip": True}, "language": "en",
        "tags": ["late"], "ticketing_system": {"name": "zendesk", "external_id": "9", "id_type": "ticket_id"},
    })
    path = f"/chat/sessions/{made['id']}"
    content = base64.b64encode(b"hello").decode()
    said = {"type": "text", "text": "Where is my refund?", "attachments": [{"base64": content, "name": "a.txt"}]}
    sent = call("POST", f"{path}/send", {"sender": "contact", "message": said, "contact": {"name": "A."}})
    for attachment in sent["data"]["message"].get("attachments") or []:
        call("GET", "/attachments/" + attachment["url"].rsplit("/", 1)[-1])
    call("PATCH", path, {"handoff": {"summary": "Wants a refund", "sentiment": "angry"}, "assist_mode": True})
    call("POST", f"{path}/send", {"sender": "agent", "agent": {"id": 7, "name": "Bo"},
                                  "message": {"type": "text", "text": "On its way"},
                                  "should_take_over_session_from_ai": True})
    call("PATCH", path, {"status": "closed_resolved", "generate_summary_and_sentiment_on_resolve": True,
                         "session_closed_payload": {"why": "paid"}})
    call("GET", path)
    call("GET", f"{path}/history")


def decide(build):
    """Resolves, archives in three ways, reopens and restores."""
    call = build.call
    refund, invoice = insight_about(build, "refund"), insight_about(build, "invoice")
    etag = {"if-match": '"0"'}
    call("POST", f"{refund}/resolve")
    call("POST", f"{refund}/resolve", headers=etag)
    call("POST", f"{refund}/reopen")
    policies = [{"policy": "until_count", "target": 500, "counted": "contacts"}, {"policy": "until_escalating"},
                {"policy": "forever", "reason": "known"}]
    for policy in policies:
        call("POST", f"{invoice}/archive", policy)
        call("GET", invoice)
        call("POST", f"{invoice}/restore")
    call("POST", f"{refund}/archive", {"policy": "until_count", "target": 1})
    made = call("POST", "/chat/sessions", {"contact": {"email": "new@example.com"}})
    call("POST", f"/chat/sessions/{made['id']}/send",
         {"sender": "contact", "message": {"type": "text", "text": SAYINGS["refund"][0]}})
    call("GET", refund)
    call("GET", f"{refund}/events")


def curate(build):
    """Edits, merges, splits, takes both back, and moves a session."""
    call = build.call
    password, invoice = insight_about(build, "password"), insight_about(build, "invoice")
    team = call("GET", "/teams")[0]["id"]
    call("PATCH", invoice, {"content": "Invoices are missing", "team_id": team})
    others = {"insight_ids": [invoice.removeprefix("/insights/")]}
    call("POST", f"{password}/merge/preview", others)
    call("POST", f"{password}/merge", others)
    call("GET", invoice)
    call("GET", f"{password}/lineage")
    undo(build, password, "merged")
    members = call("GET", f"{password}/sessions")["items"]
    part = {"session_ids": [item["session_id"] for item in members[::3]], "content": "A part"}
    call("POST", f"{password}/split/preview", part)
    call("POST", f"{password}/split", part)
    undo(build, password, "split")
    session = members[0]["session_id"]
    call("PUT", f"{invoice}/sessions/{session}", {"belongs": True})
    call("PUT", f"{password}/sessions/{session}", {"belongs": False})
    call("DELETE", f"{invoice}/sessions/{session}")


def undo(build, insight, kind):
    """Takes back the latest decision of a kind."""
    events = build.call("GET", f"{insight}/events")["items"]
    event = next(event for event in events if event["kind"] == kind)
    build.call("POST", f"{insight}/undo", {"event_id": event["id"]})
    build.call("POST", f"{insight}/undo", {"event_id": event["id"]}, place=f"undo {kind} twice")


def bulk(build):
    """Decides about many at once."""
    call = build.call
    team = call("GET", "/teams")[0]["id"]
    call("POST", "/insights/bulk", {"decision": "resolve", "filter": {"search": "invoice"}, "dry_run": True})
    call("POST", "/insights/bulk", {"decision": "resolve", "filter": {"search": "invoice"}})
    call("POST", "/insights/bulk", {"decision": "reopen", "filter": {"search": "invoice", "status": "resolved"}})
    call("POST", "/insights/bulk", {"decision": "assign", "filter": {"search": "refund"}, "assign": {"team_id": team}})
    call("POST", "/insights/bulk", {"decision": "archive"})
    call("POST", f"{insight_about(build, 'password')}/archive", {"policy": "until_escalating", "sensitivity": "eager"})
    call("POST", f"{insight_about(build, 'invoice')}/resolve")


def research(build):
    """Has an insight researched."""
    path = f"{insight_about(build, 'refund')}/deep-research"
    build.call("POST", path)
    build.call("GET", path)
    build.call("GET", path.removesuffix("/deep-research"))
    build.call("DELETE", path)


def webhooks(build, hook):
    """Reads, changes and replays a webhook that was told of everything."""
    call, path = build.call, f"/webhooks/{hook}"
    call("GET", "/webhooks")
    call("POST", f"{path}/test")
    call("GET", path)
    delivered = call("GET", f"{path}/deliveries?state=delivered")["items"]
    call("POST", f"{path}/deliveries/{delivered[0]['id']}/replay")
    call("POST", f"{path}/replay")
    call("POST", f"{path}/rotate-secret", {"revoke_old": False})
    call("PATCH", path, {"events": ["insight.resolved", "webhook.test"], "description": None})
    call("POST", "/webhooks", {"url": "ftp://example.com"})
    call("PATCH", path, {"enabled": False})
    other = call("POST", "/webhooks", {"url": "https://example.com/x", "events": ["webhook.test"]})
    call("DELETE", f"/webhooks/{other['id']}")


def refuse(build):
    """Asks for what is wrong or not there."""
    call, nil = build.call, "00000000-0000-0000-0000-000000000000"
    for path in [f"/insights/{nil}", f"/chat/sessions/{nil}", f"/webhooks/{nil}", "/insights/x", f"/attachments/{nil}",
                 "/chat/sessions?cursor=x", "/chat/sessions?status=x", "/exports?what=x"]:
        call("GET", path)
    for path, body in [("/insights", {"page": 0}), ("/insights", {"sentiment": "x"}), ("/insights", []),
                       ("/insights", b"{"), ("/chat/sessions", {"custom_data": {"a": []}}),
                       ("/chat/sessions", {"channel": {"type": "fax"}}), ("/teams", {}),
                       ("/chat/sessions/filter", {"filters": {"colour": "red"}}),
                       (f"/insights/{nil}/merge", {"insight_ids": [nil]}), (f"/insights/{nil}/archive", {"policy": "x"}),
                       ("/insights/trends", {"insight_ids": []}), ("/insights/bulk", {"decision": "x"})]:
        call("POST", path, body, place=f"POST {path} {body}")
    call("PATCH", f"/insights/{nil}", {"content": "x"})
    call("DELETE", f"/webhooks/{nil}")
    call("PUT", "/tags", {"tag_name": ""})


def finish(build):
    """Runs the commands that read."""
    for args in [[], ["--json"], ["--themes"], ["--status", "all", "--sort-by", "created_at", "--page", "2"],
                 ["--search", "refund", "--channel", "email"], ["--sentiment", "furious"], ["--org", "nobody"]]:
        build.command("insights", *args)
    build.command("keys", "list")
    build.command("keys", "list", "--json")
    for what in ["conversations", "insights", "occurrences"]:
        build.command("export", "--what", what, "--out", "-")
    build.command("export", "--what", "insights", "--format", "csv", "--out", "insights.csv.gz")
    build.command("audit", "--out", "sheet.csv", "--pairs", "20")
    build.command("doctor")
    build.command("doctor", "--json")
