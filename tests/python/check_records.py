#!/usr/bin/env python3
"""Checks that what you hold of your topic is all of it, in order and as it was sent. Python 3 alone, nothing to install.

    check_records.py [--after N] [--last N] FILE...
    HUB_TOKEN=... check_records.py --hub https://HUB/v1/recipients/YOU [--read] [--reconcile] FILE

A FILE holds pages of the feed, its events (text/event-stream), or lines of Kafka: as `kcat -J` writes them, or in the form
of the feed's records. --after: what you hold begins behind this number. --last: the last number that was issued, which the
hub tells where you give its address. --read: first appends to FILE what the feed has behind its last number, until there
is no more. --reconcile: the hub compares, by hashes alone, what you hold with what it promised.

Prints a line for each fault, and one for each topic. Exit code: 0 it is whole, 1 it is not, 2 that cannot be told.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import sys
import urllib.error
import urllib.parse
import urllib.request

VOID = "be.vlaanderen.voortraject.void.v1"
HASH = "[0-9a-f]{64}"
FORMS = {
    "ce_specversion": r"1\.0",
    "ce_id": "[0-9a-f]{32}",
    "ce_source": "/voortraject/hub",
    "ce_type": r"be\.vlaanderen\.voortraject\.(offer|file|ended|void)\.v1",
    "ce_time": r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z",
    "ce_payloadhash": HASH,
    "ce_chain": HASH,
    "content-type": "application/avro",
}


class CannotTell(Exception):
    """What is there cannot be judged."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Record:
    """One record, and in `wrong` what does not agree within it. `here` is the number that should come at its place."""

    def __init__(self, told, here):
        try:
            headers, self.topic, self.key = told["headers"], told["topic"], told["key"]
            value = told["payload" if "payload" in told else "value"]
        except (KeyError, TypeError):
            raise CannotTell(f"no record with its bytes, where {here} would be") from None
        pairs = headers.items() if isinstance(headers, dict) else zip(headers[::2], headers[1::2])
        self.headers = {name: str(text) for name, text in pairs}
        self.wrong = [f"{name} does not read" for name in FORMS if not self.reads(name, FORMS[name])]
        if not (value is None or isinstance(value, str)):
            raise CannotTell(f"a value that is decoded, where {here} would be: its bytes are needed")
        self.find_number(told, here)
        self.value = None if value is None else self.bytes_of(value, "payload" in told)
        self.look()

    @staticmethod
    def bytes_of(text, kcat):
        """Files are read byte by byte, so what kcat writes as text are the bytes. What is broken is none of them."""
        try:
            return text.encode("latin-1") if kcat else base64.b64decode(text, validate=True)
        except ValueError:
            return b""

    def reads(self, name, form):
        return re.fullmatch(form, self.headers.get(name, "")) is not None

    def digest(self, name):
        return bytes.fromhex(self.headers[name]) if self.reads(name, HASH) else None

    def find_number(self, told, here):
        """Where the places that tell it differ, it is the one that should come here, if any of them says so."""
        number = lambda name: int(self.headers[name]) if self.reads(name, "0|[1-9][0-9]{0,18}") else -1
        said = [int(told[name]) for name in ("sequence", "id") if re.fullmatch("[0-9]{1,19}", str(told.get(name)))]
        said += [number("ce_sequence"), number("ce_previous") + 1]
        likely = [near for near in (here, here - 1) if near in said]
        self.number = (likely or [max(said, key=said.count)])[0]
        if self.number < 1:
            raise CannotTell(f"a record without a number, where {here} would be")
        if set(said) != {self.number}:
            self.wrong.append("its number is not the same everywhere")

    def look(self):
        salt, void = self.digest("ce_salt"), self.headers.get("ce_type") == VOID
        if self.headers.get("ce_subject") != self.key:
            self.wrong.append("key and ce_subject do not agree")
        if void != (self.value is None) or void != ("ce_salt" not in self.headers):
            self.wrong.append("value, ce_salt and ce_type do not agree on whether it is a void")
        self.chain, hash_told = self.digest("ce_chain"), self.digest("ce_payloadhash")
        self.hash = hash_told if self.value is None else sha256(salt or b"", self.value)
        if self.hash != hash_told:
            self.wrong.append("value, ce_salt and ce_payloadhash do not agree")

    def same(self, other):
        """Equal; a record that became a void between two readings is the same."""
        if VOID in (self.headers.get("ce_type"), other.headers.get("ce_type")) and not self.wrong + other.wrong:
            common = [{**one.headers, "ce_type": VOID, "ce_salt": ""} for one in (self, other)]
            return common[0] == common[1]
        return (self.headers, self.key, self.value) == (other.headers, other.key, other.value)

    def link(self, before):
        """Its chain value behind this one, by what it holds."""
        return sha256(before, self.hash or b"")


def told_in(text):
    """The records of a file, as it tells them: pages, events or lines."""
    if re.match("(id|event|data|retry|):", text):
        for event in text.replace("\r\n", "\n").split("\n\n")[:-1]:  # The rest was broken off.
            fields = dict(line.split(": ", 1) for line in event.split("\n") if ": " in line)
            try:
                yield {**json.loads(fields["data"]), "id": fields.get("id")}
            except (KeyError, ValueError):
                pass  # No event, or one that was broken off where the stream was: its number comes again, or is missed.
        return
    space, decode = re.compile(r"[\s,]*"), json.JSONDecoder().raw_decode
    at = space.match(text).end()
    while at < len(text):
        document, at = decode(text, at)
        at = space.match(text, at).end()
        yield from document.get("records", [document]) if isinstance(document, dict) else document


def load(paths):
    """Each topic's records, in the order in which they stand."""
    topics = {}
    for path in paths:
        try:
            with open(path, encoding="latin-1", newline="") as file:
                for told in told_in(file.read()):
                    held = topics.setdefault(told.get("topic"), [])
                    held.append(Record(told, held[-1].number + 1 if held else 1))
        except (CannotTell, ValueError, TypeError, AttributeError, OSError) as trouble:
            raise CannotTell(f"{path}: {trouble}") from None
    return topics


def joined(found):
    """Faults in order; what is wrong in the same way one behind the other is one."""
    lines = []
    for first, until, *what in sorted(found):
        if lines and lines[-1][1] + 1 == first and lines[-1][2:] == what:
            lines[-1][1] = until
        else:
            lines.append([first, until, *what])
    return lines


def faults(records, after, last):
    """Every fault: the numbers from and until, its kind, why, and whether they must be asked for again."""
    held, highest = {}, after
    for record in records:
        copies = held.setdefault(record.number, [])
        if not copies and record.number < highest:
            yield record.number, record.number, "swapped", f"it stands behind {highest}", False
        highest = max(highest, record.number)
        if not any(record.same(copy) for copy in copies):
            copies.append(record)
    last = highest if last is None else last
    edges = [after, *sorted(number for number in held if after < number <= last), last + 1]
    for before, behind in zip(edges, edges[1:]):
        if before + 1 < behind:
            yield before + 1, behind - 1, "dropped", "it is not there", True
    for number in (number for number in held if number > last):
        yield number, number, "unknown", f"{last} is the last number that was issued", False
    yield from links(held, after)


def links(held, after):
    """What does not agree within a record, or with the chain."""
    proved = bytes(32) if after == 0 else None
    for number in sorted(held):
        copies, behind = sorted(held[number], key=lambda copy: len(copy.wrong)), held.get(number + 1, [])
        if number - 1 not in held and number != 1:
            proved = None  # Behind a gap nothing says what the chain was.
        leads = lambda chain: chain and any(copy.chain == copy.link(chain) for copy in behind)
        fits = lambda copy: copy.chain == copy.link(proved) if proved else leads(copy.chain)
        one = next(filter(fits, copies), copies[0])
        wrong, chain = list(one.wrong), one.chain
        if proved and not fits(one):
            # Where the next record goes on from what it should be, only this chain value is not the one that was sent.
            meant = one.link(proved)
            wrong.append("ce_chain does not agree" if leads(meant) else "it does not follow in the chain")
            chain = meant if leads(meant) else chain
        elif not proved and behind and not leads(chain) and any(
            copy.chain == copy.link(near.chain) for near in behind if near.chain for copy in held.get(number + 2, [])
        ):
            wrong.append("ce_chain, or the number behind it, does not agree")
            chain = None
        if len(copies) > 1:
            yield number, number, "doubled", f"it is there {len(copies)} times, and not the same", True
        elif wrong:
            yield number, number, "altered", "; ".join(wrong), True
        proved = chain


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes nowhere else."""

    def redirect_request(self, *_):
        return None


def ask(address, said=None):
    headers = {"Authorization": f"Bearer {os.environ.get('HUB_TOKEN', '')}", "Content-Type": "application/json"}
    body = None if said is None else json.dumps(said).encode()
    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(urllib.request.Request(address, body, headers), timeout=90) as answer:
            return json.load(answer)
    except (OSError, ValueError) as trouble:
        body = trouble.read(2000).decode(errors="replace") if isinstance(trouble, urllib.error.HTTPError) else ""
        raise CannotTell(f"{address}: {trouble} {body}".strip()) from None


def read_on(hub, path):
    """Appends what the feed has behind the file: a page is stored before the next one is asked for."""
    held = [record.number for records in load([path] if os.path.exists(path) else []).values() for record in records]
    address = f"{hub}/deliveries?after={max(held, default=0)}"
    with open(path, "a", encoding="utf-8") as file:
        while (page := ask(address))["records"]:
            print(json.dumps(page), file=file, flush=True)
            os.fsync(file.fileno())
            address = urllib.parse.urljoin(address, page["next"])
    return page["after"]


def compare(hub, records, after):
    """Every number under which the hub promised something else: a range that differs is asked again in parts."""
    held = {record.number: record.hash for record in records if record.hash}
    end, size, found = max(held, default=after), 1000, set()
    ranges = [(first, min(first + size - 1, end)) for first in range(after + 1, end + 1, size)]
    while ranges:
        differ = []
        for at in range(0, len(ranges), 200):
            said = []
            for first, until in ranges[at : at + 200]:
                digest = sha256(*(held.get(number, bytes(32)) for number in range(first, until + 1)))
                said.append({"from": first, "until": until, "hash": digest.hex()})
            differ += [(one["from"], one["until"]) for one in ask(f"{hub}/digest", {"ranges": said})["ranges"]]
        found.update(first for first, until in differ if first == until)
        size = (size + 31) // 32
        ranges = [
            (first, min(first + size - 1, until))
            for start, until in differ
            if start < until
            for first in range(start, until + 1, size)
        ]
    return found


def judge(topic, records, told, last):
    """Prints what is at fault in a topic, and whether anything is."""
    records = [record for record in records if record.number > told.after]
    found = list(faults(records, told.after, last))
    if told.reconcile:
        known = {number for first, until, *_ in found for number in range(first, until + 1)}
        differ = compare(told.hub, records, told.after) - known
        found += [(number, number, "altered", "the hub promised another hash", True) for number in differ]
    for first, until, kind, why, again in joined(found):
        lack = f"; ask again: deliveries?after={first - 1}&limit={min(until - first + 1, 500)}" if again else ""
        print(f"{topic} {first}{f'-{until}' * (until > first)} {kind}: {why}{lack}")
    numbers = {record.number for record in records}
    voids = len({record.number for record in records if record.value is None})
    span = f"numbers {min(numbers)} to {max(numbers)}" if numbers else "no numbers"
    came = f"{len(numbers)} records, {voids} of them void, {len(records) - len(numbers)} read again"
    print(f"{topic}: {span}, {came}: {'faulty' if found else 'whole'}")
    return bool(found)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("--read", "--reconcile"):
        parser.add_argument(name, action="store_true")
    for name in ("--after", "--last"):
        parser.add_argument(name, type=int)
    parser.add_argument("--hub", type=lambda address: address.rstrip("/"))
    parser.add_argument("files", nargs="+")
    told = parser.parse_args()
    if (told.read or told.reconcile) and not told.hub or told.read and len(told.files) > 1:
        parser.error("--read and --reconcile want --hub, and --read one file")
    if told.read:
        last = read_on(told.hub, told.files[0])
    else:
        last = ask(told.hub)["numbers"]["last"] if told.hub else told.last
    topics = load(told.files)
    if len(topics) > 1 and (told.hub or told.last is not None or told.after):
        raise CannotTell("the numbers of one topic, and records of several")
    if not topics and last is None:
        raise CannotTell("no record in what was given; --last says how many there should be")
    told.after = told.after or 0
    return int(any([judge(topic, records, told, last) for topic, records in topics.items() or [("nothing", [])]]))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CannotTell as trouble:
        print(trouble, file=sys.stderr)
        sys.exit(2)
