#!/usr/bin/env python3
"""securemail_verify.py FILE [--checkpoint NOTE]... [--key HEX] [--proof]

Checks an exported audit log, or with --proof the proof of one entry or of a continued log: the second verifier, written from docs/audit-format.md alone, with
nothing but Python's standard library, to show that the page is enough. Prints one JSON object; exit
code 0 verified, 1 not verified, 2 wrong usage or unreadable. For everyday use there is
securemail-verify, which says more.
"""

import base64
import functools
import hashlib
import json
import re
import struct
import sys

import ed25519

LINE_BYTES_MAX = 64 * 1024
NUMBER_MAX = 2**53 - 1
DEPTH_MAX = 16


class Fault(Exception):
    """The line as it stands, or the file as a whole, is not one of a log."""


def need(condition, reason):
    if not condition:
        raise Fault(reason)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


# --- JSON in its one spelling: what is parsed must be, written anew, the same bytes ---


def members(pairs):
    names = [name for name, _ in pairs]
    need(names == sorted(set(names)), "members are out of order or twice")
    return dict(pairs)


def no_number(text):
    raise Fault(f"no whole number: {text[:20]}")


def whole(text):
    need(len(text) <= 16 and 0 <= int(text) <= NUMBER_MAX, "a number out of bounds")
    return int(text)


def written(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inner), default=0)


def parse(line):
    try:
        value = json.loads(line.decode(), object_pairs_hook=members, parse_float=no_number, parse_constant=no_number, parse_int=whole)
        is_same = written(value) == line
    except (ValueError, RecursionError) as error:
        raise Fault("the line is no JSON") from error
    need(is_same and isinstance(value, dict) and depth(value) <= DEPTH_MAX, "the line is not canonical JSON")
    return value


# --- members: every one that must be there, and no other ---

NUMBER, TEXT, LIST = int, str, list


def digits(count):
    return re.compile(f"[0-9a-f]{{{count}}}")


def fits(value, form):
    if isinstance(form, re.Pattern):
        return isinstance(value, str) and form.fullmatch(value) is not None
    if isinstance(form, type):
        return type(value) is form
    return value == form and type(value) is type(form)


def check_shape(value, must, may=None):
    """`value` is an object with the members of `must`, perhaps of `may`, each of its form."""
    forms = {**must, **(may or {})}
    need(isinstance(value, dict), "this should be an object")
    need(set(must) <= set(value), "a member is missing")
    need(set(value) <= set(forms), "a member that is not known")
    for name, form in forms.items():
        need(name not in value or fits(value[name], form), f"{name} is not what it must be")


ID, HASH = digits(32), digits(64)
PERSONAL_NAME = re.compile("[a-z_-]{1,16}")
HEADER = {
    "type": "header", "format": "securemail-audit-log", "version": 1, "organisation": ID, "log": ID, "first_seq": 1,
    "last_seq": NUMBER, "hash": "SHA-256", "canonicalisation": "RFC 8785", "keys": LIST,
}
KEY = {"public_key": HASH, "note_key": TEXT}
ENTRY_LINE = {"type": "entry", "seq": NUMBER, "entry": dict, "hash": HASH}
CHECKPOINT = {"type": "checkpoint", "size": NUMBER, "note": TEXT}
FOOTER = {"type": "footer", "count": NUMBER, "hash": HASH, "root": HASH, "note": TEXT}
FIRST = {
    "version": 1, "seq": 1, "kind": "log-started", "organisation": ID, "log": ID, "public_key": HASH, "random": HASH,
    "prev": HASH, "recorded": TEXT, "source": "audit",
}
ENTRY = {
    "version": 1, "seq": NUMBER, "organisation": ID, "kind": TEXT, "prev": HASH, "event": ID, "at": TEXT, "recorded": TEXT,
    "source": TEXT, "actor_class": TEXT, "result": TEXT,
}
ENTRY_MAY = {"actor": ID, "message": ID, "link": ID, "reason": TEXT, "personal": LIST, "erased": LIST}
ERASED = {"place": NUMBER, "seq": NUMBER}
PERSONAL = {"name": PERSONAL_NAME, "commitment": HASH}
PROOF = {
    "type": "proof", "format": "securemail-audit-proof", "version": 1, "organisation": ID, "seq": NUMBER, "entry": dict,
    "hashes": LIST, "keys": LIST, "note": TEXT,
}
EXTENSION = {
    "type": "consistency", "format": "securemail-audit-consistency", "version": 1, "organisation": ID, "hashes": LIST, "keys": LIST,
    "note": TEXT, "older": TEXT,
}
DISCLOSURE = {"place": NUMBER, "name": PERSONAL_NAME, "value": TEXT, "salt": HASH}


# --- the tree: RFC 6962 section 2.1, as the roots of its perfect subtrees from left to right ---


class Tree:
    def __init__(self):
        self.size, self.peaks = 0, []

    def add(self, entry):
        peak, size = sha256(b"\0", entry), self.size
        while size & 1:
            peak, size = sha256(b"\1", self.peaks.pop(), peak), size >> 1
        self.peaks.append(peak)
        self.size += 1

    def root(self):
        return functools.reduce(lambda right, left: sha256(b"\1", left, right), reversed(self.peaks)) if self.peaks else sha256()


def path_root(leaf, seq, size, hashes):
    """The root to which the siblings lead: RFC 9162 section 2.1.3.2."""
    place, last = seq - 1, size - 1
    need(0 <= place <= last, "not an entry of that tree")
    for sibling in hashes:
        need(last, "too many hashes")
        if place & 1 or place == last:
            leaf = sha256(b"\1", sibling, leaf)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            leaf = sha256(b"\1", leaf, sibling)
        place, last = place >> 1, last >> 1
    need(last == 0, "too few hashes")
    return leaf


# --- signed notes ---

NOTE = re.compile(r"(?P<text>(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,15})\n(?P<root>[^\n]+)\n)\n(?P<signatures>(?:[^\n]*\n)+)")
SIGNATURE = re.compile(r"\u2014 (?P<name>[^ \n]+) (?P<blob>[^ \n]+)\n")
check_signature = functools.lru_cache(maxsize=4096)(ed25519.is_signed)


def from64(text, size):
    """Bytes of just this size, in their one spelling; else None."""
    try:
        found = base64.b64decode(text, validate=True)
    except ValueError:
        return None
    return found if len(found) == size and base64.b64encode(found).decode() == text else None


def key_id(origin, public_key):
    return sha256(origin.encode(), b"\n\1", public_key)[:4]


def read_note(note, origin, public_key, is_alone):
    """Size and root of a note that is signed by the log's key; a fault for any other. In the file a
    note stands alone; one that was kept may be signed by others too."""
    parts = NOTE.fullmatch(note)
    need(parts and parts["origin"] == origin, "no checkpoint of this log")
    lines = parts["signatures"].splitlines(keepends=True)
    need(not is_alone or len(lines) == 1, "something stands behind the checkpoint")
    signatures = [found["blob"] for line in lines if (found := SIGNATURE.fullmatch(line)) and found["name"] == origin]
    blobs = [blob for each in signatures if (blob := from64(each, 68)) and blob[:4] == key_id(origin, public_key)]
    need(any(check_signature(public_key, parts["text"].encode(), blob[4:]) for blob in blobs), "not signed by the log's key")
    root = from64(parts["root"], 32)
    need(root, "the checkpoint has no root")
    return int(parts["size"]), root


# --- the lines ---


class Log:
    def __init__(self, kept=(), key=None):
        self.kept_notes, self.given_key = kept, key
        self.kept, self.tree, self.prev = [], Tree(), bytes(32)
        self.header = self.origin = None
        self.keys, self.key, self.is_handing_over = [], 0, False
        self.is_done = self.is_anchored = False
        self.disclosed = self.erased = self.told_erased = 0

    def add(self, line):
        kinds = {"header": self.on_header, "entry": self.on_entry, "checkpoint": self.on_checkpoint, "footer": self.on_footer}
        need(len(line) <= LINE_BYTES_MAX, "the line is too long")
        value = parse(line)
        need(not self.is_done, "something stands behind the footer")
        kind = value.get("type")
        need(isinstance(kind, str) and kind in kinds, "no line of this type")
        need((kind == "header") == (self.header is None), "the header is missing, or there twice")
        need(kind == "checkpoint" or not self.is_handing_over, "the old key did not sign that another follows")
        kinds[kind](value)

    def on_header(self, line):
        check_shape(line, HEADER)
        self.take_keys(line)

    def take_keys(self, line):
        need(1 <= len(line["keys"]) <= 16, "no key, or too many")
        self.header, self.origin = line, "securemail/" + line["organisation"]
        self.keys = [self.read_key(each) for each in line["keys"]]
        need(self.given_key in (None, *self.keys), "the log is signed by another key than the one that was given")
        self.kept = [self.read_kept(note) for note in self.kept_notes]

    def read_key(self, line):
        check_shape(line, KEY)
        public_key = bytes.fromhex(line["public_key"])
        shown = base64.b64encode(b"\1" + public_key).decode()
        need(line["note_key"] == f"{self.origin}+{key_id(self.origin, public_key).hex()}+{shown}", "the note_key is not the key")
        return public_key

    def read_kept(self, note):
        """Size, root, and which of the log's keys signed it."""
        for place, key in enumerate(self.keys):
            try:
                return *read_note(note, self.origin, key, False), place
            except Fault:
                pass
        raise Fault("the checkpoint that was kept is not signed by the log's key")

    def read_proof_note(self, note):
        """Only the log shows that a key was handed over: a key that was given must have signed this note itself."""
        if self.given_key:
            self.keys = [self.given_key]
        return self.read_kept(note)[:2]

    def on_entry(self, line):
        check_shape(line, ENTRY_LINE, {"disclosures": LIST})
        entry, raw = line["entry"], written(line["entry"])
        if self.tree.size == 0:
            check_shape(entry, FIRST)
            need(entry["log"] == self.header["log"], "another log is founded here")
            need(bytes.fromhex(entry["public_key"]) == self.keys[0], "another key is founded here")
        else:
            check_shape(entry, ENTRY, ENTRY_MAY)
        need(entry["organisation"] == self.header["organisation"], "an entry of another organisation")
        need(line["seq"] == entry["seq"] == self.tree.size + 1, "not the next entry")
        made = sha256(b"securemail/1 entry\0", raw)
        need(line["hash"] == made.hex(), "the entry does not have its hash")
        need(entry["prev"] == self.prev.hex(), "the chain breaks here")
        self.prev = made
        self.tree.add(raw)
        self.open_commitments(entry.get("personal"), line.get("disclosures"))
        self.read_erasure(entry)
        self.read_handover(entry)
        self.compare_kept()

    def read_handover(self, entry):
        if (entry["kind"], entry["source"]) != ("key-rotated", "audit") or not entry.get("reason", "").startswith("signing key: next "):
            return
        need(self.key + 1 < len(self.keys), "a signing key that the header does not name")
        need(entry["reason"] == "signing key: next " + self.keys[self.key + 1].hex(), "another signing key than the header's")
        self.is_handing_over = True

    def read_erasure(self, entry):
        if entry["kind"] != "personal-erased" and "erased" not in entry:
            return
        need((entry["kind"], entry["source"]) == ("personal-erased", "audit") and 1 <= len(entry.get("erased", ())) <= 64, "no erasure of audit's")
        last = (0, 4)
        for each in entry["erased"]:
            check_shape(each, ERASED)
            now = (each["seq"], each["place"])
            need(last < now and now[0] < entry["seq"] and now[1] < 4, "an erased value that none can be")
            last = now
        self.told_erased += len(entry["erased"])

    def open_commitments(self, personal, disclosures):
        need(personal is None or 1 <= len(personal) <= 4, "too few or many commitments")
        for each in personal or []:
            check_shape(each, PERSONAL)
        need(disclosures is None or disclosures, "the list of disclosures is empty")
        last = -1
        for each in disclosures or []:
            check_shape(each, DISCLOSURE)
            need(last < each["place"] < len(personal or []), "a disclosure without a commitment")
            last = each["place"]
            name, value = each["name"].encode(), each["value"].encode()
            made = sha256(b"securemail/1 commitment", bytes.fromhex(each["salt"]), struct.pack(">I", len(name)), name, value)
            need(personal[last] == {"name": each["name"], "commitment": made.hex()}, "a value that was not committed to")
        self.disclosed += len(disclosures or [])
        self.erased += len(personal or []) - len(disclosures or [])

    def compare_kept(self):
        for size, root, key in self.kept:
            if size == self.tree.size:
                need(root == self.tree.root() and key == self.key, "not the log of the checkpoint that was kept")
                self.is_anchored = True

    def check_head(self, note):
        need(read_note(note, self.origin, self.keys[self.key], True) == (self.tree.size, self.tree.root()), "the checkpoint does not fit")

    def on_checkpoint(self, line):
        check_shape(line, CHECKPOINT)
        self.check_head(line["note"])
        need(line["size"] == self.tree.size, "the checkpoint's line tells another size")
        self.key += self.is_handing_over
        self.is_handing_over = False

    def on_footer(self, line):
        check_shape(line, FOOTER)
        need(self.key + 1 == len(self.keys), "a signing key that the log was not handed over to")
        need(line["count"] == self.header["last_seq"] == self.tree.size, "entries were cut off or added")
        need(line["hash"] == self.prev.hex() and line["root"] == self.tree.root().hex(), "another last entry or root")
        self.check_head(line["note"])
        self.is_done = True

    def finish(self):
        need(self.header, "the file is empty")
        need(self.is_done, "the footer is missing")
        need(all(size <= self.tree.size for size, *_ in self.kept), "the log is shorter than a checkpoint that was kept")


def extends(old, new, hashes):
    """Whether the tree (size, root) `new` begins with `old`: RFC 9162 section 2.1.4.2."""
    (first, before), (second, after) = old, new
    if not 0 < first < second:
        return first == second > 0 and before == after and not hashes
    rest = list(hashes)
    if first & (first - 1) == 0:
        rest.insert(0, before)
    if not rest:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    left = right = rest.pop(0)
    for each in rest:
        if last == 0:
            return False
        if place & 1 or place == last:
            left, right = sha256(b"\1", each, left), sha256(b"\1", each, right)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            right = sha256(b"\1", right, each)
        place, last = place >> 1, last >> 1
    return last == 0 and left == before and right == after


def read_hashes(line):
    need(len(line["hashes"]) <= 64 and all(fits(each, HASH) for each in line["hashes"]), "a hash that is none")
    return [bytes.fromhex(each) for each in line["hashes"]]


def check_extension(log, line):
    """That the checkpoint `note` continues the checkpoint `older`. Who signs the newer one: the key that was given, or the older one's."""
    check_shape(line, EXTENSION)
    log.take_keys(line)
    (*old, old_key), (*new, new_key) = log.read_kept(line["older"]), log.read_kept(line["note"])
    need(log.keys[new_key] == (log.given_key or log.keys[old_key]), "the newer checkpoint is signed by another key")
    need(extends(old, new, read_hashes(line)), "the newer checkpoint does not continue the older one")
    need(all(list(each[:2]) == old for each in log.kept), "not from the checkpoint that was kept")
    return new[0]


def check_entry(log, line):
    """That one entry stands in the tree of a signed checkpoint."""
    check_shape(line, PROOF, {"disclosures": LIST})
    log.take_keys(line)
    size, root = log.read_proof_note(line["note"])
    hashes = read_hashes(line)
    need(path_root(sha256(b"\0", written(line["entry"])), line["seq"], size, hashes) == root, "not in the tree")
    check_shape(line["entry"], *((FIRST,) if line["seq"] == 1 else (ENTRY, ENTRY_MAY)))
    need([line["entry"][each] for each in ("seq", "organisation")] == [line["seq"], line["organisation"]], "another entry")
    log.open_commitments(line["entry"].get("personal"), line.get("disclosures"))
    log.read_erasure(line["entry"])
    need(all(each[:2] == (size, root) for each in log.kept), "not under the checkpoint that was kept")


def verify_proof(file, kept=(), key=None):
    """The verdict over a file that proves one entry, or that a checkpoint continues another."""
    log, reason, entries = Log(kept, key), None, 1
    try:
        content = file.read(LINE_BYTES_MAX + 2)
        need(content.endswith(b"\n") and b"\n" not in content[:-1] and len(content) <= LINE_BYTES_MAX + 1, "not one line")
        line = parse(content[:-1])
        if line.get("type") == "consistency":
            entries = check_extension(log, line)
        else:
            check_entry(log, line)
    except Fault as fault:
        reason = str(fault)
    verdict = {"verified": reason is None, "anchored": bool(log.kept), "entries": entries, "disclosed": log.disclosed, "erased": log.erased, "told_erased": log.told_erased}
    return verdict if reason is None else {**verdict, "line": 1, "reason": reason}


def verify(file, kept=(), key=None):
    """The verdict over an open file of bytes: the first bad line, 0 when it is the file as a whole."""
    log, number, reason = Log(kept, key), 0, None
    try:
        while line := file.readline(LINE_BYTES_MAX + 2):
            number += 1
            need(line.endswith(b"\n"), "the line is too long, or cut off")
            log.add(line[:-1])
        number = 0
        log.finish()
    except Fault as fault:
        reason = str(fault)
    verdict = {"verified": reason is None, "anchored": log.is_anchored, "entries": log.tree.size, "disclosed": log.disclosed, "erased": log.erased, "told_erased": log.told_erased}
    return verdict if reason is None else {**verdict, "line": number, "reason": reason}


def main(arguments):
    files, kept, key, check = [], [], None, verify
    while arguments:
        argument = arguments.pop(0)
        if argument == "--checkpoint" and arguments:
            with open(arguments.pop(0), encoding="utf-8", newline="") as file:
                kept.append(file.read())
        elif argument == "--key" and arguments:
            key = bytes.fromhex(arguments.pop(0))
        elif argument == "--proof":
            check = verify_proof
        else:
            files.append(argument)
    if len(files) != 1 or files[0].startswith("-"):
        print(__doc__.splitlines()[0], file=sys.stderr)
        return 2
    with open(files[0], "rb") as file:
        verdict = check(file, kept, key)
    print(json.dumps(verdict))
    return 0 if verdict["verified"] else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, ValueError) as error:
        print(f"securemail_verify.py: {error}", file=sys.stderr)
        sys.exit(2)
