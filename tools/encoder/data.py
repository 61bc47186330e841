"""Texts to learn from: labeled sources, and unlabeled ones in which every text is its own class."""
import gzip
import json
import random
from pathlib import Path

# Turns that are no issue in MultiDoGO, and labels of NLU++ that are talk.
ACTS = {"contentonly", "confirmation", "rejection", "openinggreeting", "closinggreeting", "thankyou", "outofdomain"}
TALK = {"affirm", "deny", "dont_know", "acknowledge", "thank", "greet", "end_call", "repeat", "handoff"}

# Left out of training where runs are compared, to measure on what they have not seen.
HELD_OUT_TASKS = {"doctor_schedule", "doctor_followup", "weather", "restaurant_search", "restaurant_book"}
HELD_OUT_DOMAIN = "software"


def held_out_intents(intents):
    """A random half of the 77 intents."""
    intents = sorted(set(intents))
    random.Random(77).shuffle(intents)
    return set(intents[: len(intents) // 2])


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def contact(row):
    return [turn["text"] for turn in row["turns"] if turn["role"] == "contact"]


def labeled_turns(path):
    for row in rows(path):
        labels = row["labels"]["turns"]
        for turn in row["turns"]:
            if labels.get(turn.get("id")):
                yield turn["text"], labels[turn["id"]]


def banking(folder):
    return [(contact(row)[0], row["labels"]["intents"][0]) for row in rows(folder / "banking77-train.jsonl.gz")]


def star(folder):
    """Conversations about one task: the first two messages of some length among the first three."""
    for row in rows(folder / "star-dev.jsonl.gz"):
        tasks = row["labels"].get("intents") or []
        said = [text for text in contact(row)[:3] if len(text.split()) >= 4][:2]
        if len(tasks) == 1 and said:
            yield " ".join(said), tasks[0]


def multidogo(folder, domain):
    """Turns with one issue."""
    for text, labels in labeled_turns(folder / f"multidogo-{domain}.jsonl.gz"):
        issues = [label for label in labels if label not in ACTS and not label.startswith("O ")]
        if len(issues) == 1 and len(text.split()) >= 3:
            yield text, issues[0]


class Sources:
    """`labeled` and `unlabeled` by name, and snippets to put around texts."""

    def __init__(self, folder, seed, hold_out):
        folder = Path(folder)
        chance = random.Random(seed)
        domains = [domain for domain in ("software", "airline") if not (hold_out and domain == HELD_OUT_DOMAIN)]
        texts = banking(folder)
        held_out = held_out_intents(intent for _, intent in texts) if hold_out else set()
        texts = [(text, frozenset([intent])) for text, intent in texts if intent not in held_out]
        several = [
            (contact(row)[0], frozenset(row["labels"]["intents"]) - TALK)
            for row in rows(folder / "nlupp-banking.jsonl.gz")
            if (row.get("labels") or {}).get("intents")
        ]
        several = [(text, labels) for text, labels in several if labels]
        issues = []
        for domain in domains:
            by_issue = {}
            for text, issue in multidogo(folder, domain):
                by_issue.setdefault(issue, []).append(text)
            for issue, found in by_issue.items():
                if len(found) >= 10:
                    chance.shuffle(found)
                    issues += [(text, frozenset([domain + issue])) for text in found[:300]]
        tasks = [
            (text, frozenset([task]))
            for text, task in star(folder)
            if not (hold_out and task in HELD_OUT_TASKS)
        ]
        self.labeled = {"banking77": texts, "nlupp": several, "multidogo": issues, "star": tasks}

        general = [text for text, _ in texts[::2] + several + issues]
        files = [f"multidogo-{domain}" for domain in domains] + ["star-dev"]
        for name in files:
            said = set()
            for row in rows(folder / f"{name}.jsonl.gz"):
                held = hold_out and HELD_OUT_TASKS & set(row["labels"].get("intents") or [])
                if not held:
                    said.update(text for text in contact(row) if len(text.split()) >= 7)
            general += chance.sample(sorted(said), min(len(said), 4000))
        pool = [contact(row)[0] for row in rows(folder / "dstc11-insurance-pool.jsonl.gz")]
        self.unlabeled = {
            "general": sorted(set(general)),
            "pool": [text for text in pool if len(text.split()) >= 5],
        }

        acts = {"openinggreeting": [], "contentonly": []}
        for domain in domains:
            for text, labels in labeled_turns(folder / f"multidogo-{domain}.jsonl.gz"):
                if labels[0] in acts and len(text.split()) <= 8:
                    acts[labels[0]].append(text)
        self.greetings, self.answers = acts.values()


OPENINGS = (
    "hi|hello|hey there|good morning|yes|yeah|okay|okay so|um|uh yeah|ah okay great|alright|hi, this is {name}|"
    "hello, my name is {name} and|yes my name is {name}.|hi {name}, how are you doing today?|perfect, and|thank you.|"
    "great thanks.|sorry, one more thing.|oh also|actually|I was wondering if|so"
).split("|")
CLOSINGS = (
    "please|thank you|if that's okay|can you help me with that?|if you don't mind|right now|today|"
    "is that something you can do?|I appreciate it|thanks"
).split("|")
FILLERS = "um|uh|like|you know|I mean|#Ah|#Um|so|well".split("|")
NAMES = (
    "Joe Last|Maria Lopez|John Smith|Amy Chen|David|Sarah Miller|Karen White|Omar|Priya Patel|Tom Baker|Lisa"
).split("|")


def spoken(text, sources, chance):
    """The text as people say it: with greetings, names, fillers, answers to questions before it, courtesy."""
    words = text.split()
    if chance.random() < 0.35:
        for _ in range(chance.randint(1, 2)):
            words.insert(chance.randint(0, len(words)), chance.choice(FILLERS))
    text = " ".join(words)
    draw = chance.random()
    if draw < 0.40:
        text = chance.choice(OPENINGS).format(name=chance.choice(NAMES)) + " " + text
    elif draw < 0.48:
        text = chance.choice(sources.greetings) + ". " + text
    elif draw < 0.55:
        text = chance.choice(sources.answers) + ". " + text
    if chance.random() < 0.2:
        text += " " + chance.choice(CLOSINGS)
    return text.lower() if chance.random() < 0.5 else text


def masked(text, chance):
    """The text without a fifth of its words."""
    return " ".join(word for word in text.split() if chance.random() > 0.2) or text
