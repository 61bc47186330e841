#!/usr/bin/env python3
"""The index beside other engines: the same lists over the same made-up sessions, answers compared.

Usage: bench-index.py FOLDER [--sessions N] [--insights N] [--repeat N]

Makes the data in FOLDER once: sessions in time order of a year, three insights a session, half of them said for some
weeks only, facets, contacts that come back, custom data; and 72 questions of twelve kinds, as bodies of `POST /insights`.
Asks DuckDB (a fact table), tantivy (a terms aggregation) and the index (`cargo bench -p refrain-index`), compares totals
and pages, and prints the 50th percentile of each kind in milliseconds. `make bench-index` installs what it needs.
"""

import argparse
import calendar
import json
import os
import pathlib
import re
import statistics
import subprocess
import time

import duckdb
import numpy as np
import tantivy

LANGS = "en es de fr pt it nl ar tr pl ru ja zh ko sv da no fi cs el ro hu uk he hi id th vi bg hr sk sr ms fa tl af sw".split()
CHANNELS = "web email whatsapp phone_voice messenger instagram slack sms web_voice api".split()
STATUSES = ["closed_resolved", "closed_unresolved", "open"]
SENTS = ["neutral", "angry", "happy"]
FACETS = {"channel": "chan", "sessionLanguage": "lang", "ticketSentiment": "sent", "sessionStatus": "status"}
NAMES = {"chan": CHANNELS, "lang": LANGS, "sent": SENTS, "status": STATUSES}
START = 1_761_955_200  # 2025-11-01
DAYS = 365
PAGE = 20


def ranked(rng, count, values, power):
    """Draws numbers below `values`, low ones far more often."""
    weights = 1.0 / np.arange(1, values + 1) ** power
    return np.searchsorted(np.cumsum(weights / weights.sum()), rng.random(count) * 0.999999)


def sparse(rng, codes, density):
    codes = codes.astype(np.int32)
    codes[rng.random(len(codes)) >= density] = -1
    return codes


def make(folder, sessions, insights):
    """Writes columns, what they stand for, and the questions."""
    rng = np.random.default_rng(11)
    contacts = max(1, sessions // 3)
    columns = {}
    arrival = np.sort(rng.random(sessions))
    columns["created.u32"] = START + ((np.sqrt(0.36 + 1.6 * arrival) - 0.6) / 0.8 * DAYS * 86_400)
    english = rng.random(sessions) < 0.48
    columns["lang.u8"] = np.where(english, 0, 1 + ranked(rng, sessions, len(LANGS) - 1, 1.0))
    columns["chan.u8"] = ranked(rng, sessions, len(CHANNELS), 1.0)
    columns["sent.u8"] = rng.choice(3, sessions, p=[0.6, 0.25, 0.15])
    columns["status.u8"] = rng.choice(3, sessions, p=[0.66, 0.31, 0.03])
    columns["contact.u32"] = contacts * rng.random(sessions) ** 1.5
    session_data = {
        "plan": ("plan-", sparse(rng, rng.choice(4, sessions, p=[0.5, 0.3, 0.15, 0.05]), 1.0)),
        "region": ("r", sparse(rng, ranked(rng, sessions, 20, 0.8), 0.95)),
        "product": ("prod-", sparse(rng, ranked(rng, sessions, 200, 1.0), 0.8)),
        "order_id": ("ORD-", sparse(rng, rng.permutation(sessions), 0.4)),
    }
    contact_data = {
        "tier": ("t", sparse(rng, rng.choice(5, contacts, p=[0.55, 0.25, 0.12, 0.06, 0.02]), 1.0)),
        "country": ("c", sparse(rng, ranked(rng, contacts, 60, 0.9), 0.98)),
        "account_id": ("acc-", sparse(rng, rng.integers(0, max(1, contacts // 10), contacts), 0.8)),
    }
    for prefix, data in (("t", session_data), ("c", contact_data)):
        columns.update({f"{prefix}_{name}.i32": codes for name, (_, codes) in data.items()})
    # half of the insights are said for some weeks only
    said = rng.permutation(insights)[ranked(rng, int(sessions * 3.2), insights, 0.95)]
    seasonal = rng.random(insights) < 0.5
    start = np.where(seasonal, rng.random(insights) * 0.8, 0.0)
    width = np.where(seasonal, (20 + rng.random(insights) * 100) / 365, 1.0)
    where = ((start[said] + np.minimum(width, 1 - start)[said] * rng.random(len(said))) * sessions).astype(np.int64)
    pairs = np.unique(where.clip(0, sessions - 1) * insights + said)
    columns["occ.u32"] = pairs % insights
    columns["occ_off.u32"] = np.concatenate([[0], np.cumsum(np.bincount(pairs // insights, minlength=sessions))])
    columns["i_status.u8"] = rng.choice(3, insights, p=[0.6, 0.3, 0.1])
    columns["i_sent.u8"] = rng.choice(3, insights)
    columns["i_cat.u8"] = ranked(rng, insights, 40, 0.9)
    columns["i_created.u32"] = START + rng.integers(0, DAYS * 86_400, insights)
    os.makedirs(folder / "cols", exist_ok=True)
    types = {"u8": "u1", "u32": "<u4", "i32": "<i4"}
    for name, values in columns.items():
        np.ascontiguousarray(values).astype(types[name.split(".")[1]]).tofile(folder / "cols" / name)
    syllables = "re fun ship pay log cart pass del ord can bil pro out tax sen mail track ran ver lo da mi no ru".split()
    words = ["".join(rng.choice(syllables, rng.integers(2, 5))) for _ in range(3_000)]
    texts = [" ".join(words[word] for word in ranked(rng, 12, len(words), 0.8)) for _ in range(insights)]
    (folder / "cols" / "i_content.txt").write_text("\n".join(texts) + "\n")
    meta = {"langs": LANGS, "channels": CHANNELS, "statuses": STATUSES, "sents": SENTS}
    meta["tkeys"] = {name: begins for name, (begins, _) in session_data.items()}
    meta["ckeys"] = {name: begins for name, (begins, _) in contact_data.items()}
    (folder / "meta.json").write_text(json.dumps(meta))
    (folder / "queries.json").write_text(json.dumps(questions(rng, columns, session_data, contact_data, words), indent=0))


def questions(rng, columns, session_data, contact_data, words):
    """Makes six questions of each of twelve kinds."""

    def day(number):
        return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(START + int(number * 86_400)))

    def between(first, days):
        return {"sessionFromDate": day(first), "sessionToDate": day(first + days)}

    def one_of(data, name):
        begins, codes = data[name]
        return f"{begins}{rng.choice(codes[codes >= 0])}"

    asked = []
    for i in range(6):
        first = rng.integers(0, 250)
        language, channel = LANGS[[0, 0, 1, 0, 2, 0][i]], CHANNELS[i]
        contact = int(rng.choice(columns["contact.u32"]))
        kinds = {
            "all": {"page": i + 1},
            "30 days": between(first, 30),
            "180 days": between(first / 2, 180),
            "language": {"sessionLanguage": LANGS[i]},
            "language and channel": {"sessionLanguage": LANGS[i], "channel": CHANNELS[i % 4]},
            "four facets": {
                "sessionLanguage": language, "channel": CHANNELS[i % 3], "ticketSentiment": SENTS[i % 3],
                "sessionStatus": STATUSES[i % 3], "minSessions": 5,
            },
            "channel, 90 days, latest": {"channel": channel, "sortBy": "last_seen_at", "page": 1 + i % 3, **between(first, 90)},
            "contact": {"sessionContactId": f"c0000000-0000-4000-8000-{contact:012x}"},
            "custom data, 90 days": {
                "ticketCustomData": [{"plan": f"plan-{i % 4}", "region": f"r{i * 2}"}, {"product": f"prod-{i * 5}"}],
                **between(first, 90),
            },
            "order": {"ticketCustomData": [{"order_id": one_of(session_data, "order_id")}]},
            "contact's custom data": {
                "contactCustomData": [
                    {"tier": f"t{i % 5}", "country": f"c{i * 3}"}, {"account_id": one_of(contact_data, "account_id")},
                ],
                "channel": CHANNELS[i % 4],
            },
            "words, language, 90 days": {
                "search": words[[2, 10, 40, 120, 400, 1000][i]][:6], "status": "unresolved", "sessionLanguage": language,
                "minSessions": 2, **between(first, 90),
            },
        }
        asked.extend({"t": kind, "body": body} for kind, body in kinds.items())
    return asked


def load(folder):
    """Reads the columns, codes as the words that they stand for."""
    meta = json.loads((folder / "meta.json").read_text())
    types = {"u8": "u1", "u32": "<u4", "i32": "<i4"}
    columns = {
        path.name.split(".")[0]: np.fromfile(path, types[path.name.split(".")[1]])
        for path in (folder / "cols").iterdir() if path.suffix != ".txt"
    }
    return meta, columns, (folder / "cols" / "i_content.txt").read_text().splitlines()


class DuckDB:
    """A table of sessions, and one of the insights in them."""

    def __init__(self, meta, columns, texts):
        self.db = duckdb.connect()
        self.db.execute("set timezone = 'UTC'")
        facets = {name: np.array(NAMES[name])[columns[name]].astype(object) for name in NAMES}
        number = np.arange(len(columns["created"]))
        sessions = {"id": number, "began": columns["created"].astype(np.int64), "contact": columns["contact"], **facets}
        shown = {"session": np.repeat(number, np.diff(columns["occ_off"].astype(np.int64))), "insight": columns["occ"]}
        insights = {
            "id": np.arange(len(texts)), "content": np.array(texts, dtype=object), "life": columns["i_status"],
            "created": columns["i_created"].astype(np.int64),
        }
        for table, data in (("sessions", sessions), ("shown", shown), ("insights", insights)):
            self.db.register("data", data)
            self.db.execute(f"create table {table} as select * from data")
        for table, prefix, keys in (("session_data", "t", "tkeys"), ("contact_data", "c", "ckeys")):
            self.db.execute(f"create table {table} (owner bigint, name varchar, value varchar)")
            for name, begins in meta[keys].items():
                codes = columns[f"{prefix}_{name}"]
                owner = np.nonzero(codes >= 0)[0]
                self.db.register("data", {"owner": owner, "code": codes[owner]})
                self.db.execute(f"insert into {table} select owner, '{name}', '{begins}' || code from data")

    def ask(self, body, full=False):
        """Returns the total and the page; with `full`, all insights with when their first and last session began."""
        where = [f"s.{column} = '{body[name]}'" for name, column in FACETS.items() if name in body]
        for name, sign in (("sessionFromDate", ">="), ("sessionToDate", "<=")):
            if name in body:
                where.append(f"s.began {sign} epoch(timestamptz '{body[name]}')")
        if "sessionContactId" in body:
            where.append(f"s.contact = {int(body['sessionContactId'][-12:], 16)}")
        for name, table, owner in (("ticketCustomData", "session_data", "id"), ("contactCustomData", "contact_data", "contact")):
            having = lambda pair: f"s.{owner} in (select owner from {table} where name = '{pair[0]}' and value = '{pair[1]}')"
            alternatives = [" and ".join(map(having, of.items())) for of in body.get(name, [])]
            where += [f"({' or '.join(f'({of})' for of in alternatives)})"] if alternatives else []
        of_insights = [f"n >= {body.get('minSessions', 1)}"]
        of_insights += ["i.life = 0"] if body.get("status") == "unresolved" else []
        of_insights += [f"contains(i.content, '{body['search']}')"] if "search" in body else []
        order = "last" if "sortBy" in body else "n"
        query = f"""
            select i.id, n, first * 1000000, last * 1000000, count(*) over () from (
                select insight, count(*) n, min(s.began) first, max(s.began) last from sessions s
                join shown o on o.session = s.id {'where ' + ' and '.join(where) if where else ''} group by insight
            ) m join insights i on i.id = m.insight where {' and '.join(of_insights)}
            order by {order} desc, i.created desc, i.id limit {PAGE} offset {(body.get('page', 1) - 1) * PAGE}
        """
        rows = self.db.execute(query).fetchall()
        return [rows[0][4] if rows else 0, [list(row[:4]) for row in rows]]


class Tantivy:
    """A document for each session, and a terms aggregation over the insights in it."""

    def __init__(self, meta, columns, texts):
        builder = tantivy.SchemaBuilder()
        for name in (*NAMES, "data", "contact_data"):
            builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
        builder.add_unsigned_field("began", indexed=True, fast=True)
        builder.add_unsigned_field("contact", indexed=True)
        builder.add_unsigned_field("insight", fast=True)
        self.schema = builder.build()
        self.index = tantivy.Index(self.schema)
        self.columns, self.texts = columns, texts
        writer = self.index.writer(500_000_000, 1)
        offsets = columns["occ_off"]
        for at in range(len(columns["created"])):
            document = tantivy.Document()
            for name, words in NAMES.items():
                document.add_text(name, words[columns[name][at]])
            contact = int(columns["contact"][at])
            for field, prefix, keys, owner in (("data", "t", "tkeys", at), ("contact_data", "c", "ckeys", contact)):
                for name, begins in meta[keys].items():
                    code = columns[f"{prefix}_{name}"][owner]
                    if code >= 0:
                        document.add_text(field, f"{name}={begins}{code}")
            document.add_unsigned("began", int(columns["created"][at]))
            document.add_unsigned("contact", contact)
            for insight in columns["occ"][offsets[at]:offsets[at + 1]]:
                document.add_unsigned("insight", int(insight))
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        self.index.reload()
        self.searcher = self.index.searcher()

    def ask(self, body):
        term = lambda field, value: tantivy.Query.term_query(self.schema, field, value, "basic")
        every = lambda queries: tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])
        asked = [term(column, body[name]) for name, column in FACETS.items() if name in body]
        if "sessionFromDate" in body:
            ends = [calendar.timegm(time.strptime(body[name][:19], "%Y-%m-%dT%H:%M:%S")) for name in ("sessionFromDate", "sessionToDate")]
            asked.append(tantivy.Query.range_query(self.schema, "began", tantivy.FieldType.Unsigned, *ends))
        if "sessionContactId" in body:
            asked.append(term("contact", int(body["sessionContactId"][-12:], 16)))
        for name, field in (("ticketCustomData", "data"), ("contactCustomData", "contact_data")):
            alternatives = [every([term(field, f"{key}={value}") for key, value in of.items()]) for of in body.get(name, [])]
            if alternatives:
                asked.append(tantivy.Query.boolean_query([(tantivy.Occur.Should, query) for query in alternatives]))
        query = every(asked) if asked else tantivy.Query.all_query()
        terms = {"field": "insight", "size": len(self.texts), "segment_size": len(self.texts)}
        buckets = self.searcher.aggregate(query, {"insights": {"terms": terms}})["insights"]["buckets"]
        least, part = body.get("minSessions", 1), body.get("search", "")
        life = self.columns["i_status"]
        found = [
            (int(of["key"]), of["doc_count"]) for of in buckets
            if of["doc_count"] >= least and part in self.texts[int(of["key"])]
            and (body.get("status") != "unresolved" or life[int(of["key"])] == 0)
        ]
        return [len(found), sorted((count for _, count in found), reverse=True)]


def ask_index(folder):
    """Runs the benchmark of the index. Returns the 50th percentile of each kind, and its answers."""
    run = subprocess.run(
        ["cargo", "bench", "--quiet", "--package", "refrain-index"], env={**os.environ, "REFRAIN_BENCH_DATA": str(folder)},
        check=True, capture_output=True, text=True,
    )
    print(run.stdout)
    rows = re.findall(r"^(.+?) +([\d.]+) +[\d.]+$", run.stdout, re.MULTILINE)
    return {kind: float(p50) for kind, p50 in rows}, json.loads((folder / "answers.json").read_text())


def timed(engine, asked, repeat):
    """Asks an engine everything. Returns the 50th percentile of each kind, and its answers."""
    times, answers = {}, []
    for _ in range(repeat):
        answers.clear()
        for question in asked:
            began = time.perf_counter()
            answers.append(engine.ask(question["body"]))
            times.setdefault(question["t"], []).append((time.perf_counter() - began) * 1e3)
    return {kind: statistics.median(of) for kind, of in times.items()}, answers


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--sessions", type=int, default=1_000_000)
    parser.add_argument("--insights", type=int, default=20_000)
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    folder = options.folder.resolve()
    if not (folder / "queries.json").exists():
        make(folder, options.sessions, options.insights)
    asked = json.loads((folder / "queries.json").read_text())
    by_index, answers = ask_index(folder)
    engines = {"DuckDB": DuckDB, "tantivy": Tantivy}
    times, different = {}, 0
    for name, engine in engines.items():
        times[name], theirs = timed(engine(*load(folder)), asked, options.repeat)
        for question, (total, page), (their_total, their_page) in zip(asked, answers, theirs):
            if name == "DuckDB":
                is_same = total == their_total and [[int(row[0][-12:], 16), *row[1:]] for row in page] == their_page
            elif "sortBy" in question["body"]:
                is_same = total == their_total
            else:
                begin = (question["body"].get("page", 1) - 1) * PAGE
                is_same = total == their_total and [row[1] for row in page] == their_page[begin:begin + PAGE]
            if not is_same:
                different += 1
                print(f"{name} answers otherwise: {question}")
    print(f"\n{'p50, ms':26} {'index':>9} " + " ".join(f"{name:>9}" for name in engines) + f" {'best/index':>11}")
    ratios = []
    for kind in dict.fromkeys(question["t"] for question in asked):
        best = min(of[kind] for of in times.values())
        ratios.append(best / by_index[kind])
        theirs = " ".join(f"{of[kind]:9.2f}" for of in times.values())
        print(f"{kind:26} {by_index[kind]:9.3f} {theirs} {ratios[-1]:11.1f}")
    print(f"geometric mean of the ratios: {statistics.geometric_mean(ratios):.1f}; answers that differ: {different}")


main()
