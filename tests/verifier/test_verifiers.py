#!/usr/bin/env python3
"""Both verifiers, securemail-verify and the one written from docs/audit-format.md, over the same logs:
whatever is done to a file, they name the same line. Usage: test_verifiers.py SECUREMAIL-VERIFY
Ends with one line, "N passed, N failed". SM_TEST_SEED repeats a run of random changes."""

import base64
import copy
import hashlib
import io
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import unittest

import ed25519
import securemail_verify as second

FIRST_VERIFIER = sys.argv.pop(1)
SEED = os.environ.get("SM_TEST_SEED") or str(random.SystemRandom().getrandbits(32))
RANDOM_CHANGES = 600
ORGANISATION = "c111" + "0" * 28
ORIGIN = "securemail/" + ORGANISATION
sha256 = second.sha256


def canonical(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


# --- a log, written as the page says, with a key of the test's own (RFC 8032 section 5.1.6) ---


class Key:
    def __init__(self, seed):
        digest = hashlib.sha512(seed).digest()
        self.scalar = int.from_bytes(digest[:32], "little") & (2**254 - 8) | 2**254
        self.prefix = digest[32:]
        self.public = ed25519.encode(ed25519.multiply(self.scalar, ed25519.BASE))

    def sign(self, text):
        def number(*parts):
            return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ed25519.L

        once = number(self.prefix, text)
        point = ed25519.encode(ed25519.multiply(once, ed25519.BASE))
        return point + ((once + number(point, self.public, text) * self.scalar) % ed25519.L).to_bytes(32, "little")


def root_of(leaves):
    """RFC 6962's definition, from the top: another way than the verifiers go."""
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return sha256(b"\0", leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1", root_of(leaves[:split]), root_of(leaves[split:]))


def consistency_of(older, leaves, is_whole=True):
    """RFC 6962 section 2.1.2, as it is defined."""
    if older == len(leaves):
        return [] if is_whole else [root_of(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if older <= split:
        return [*consistency_of(older, leaves[:split], is_whole), root_of(leaves[split:])]
    return [*consistency_of(older - split, leaves[split:], False), root_of(leaves[:split])]


def note_of(key, leaves):
    text = f"{ORIGIN}\n{len(leaves)}\n{base64.b64encode(root_of(leaves)).decode()}\n"
    key_id = sha256(ORIGIN.encode(), b"\n\1", key.public)[:4]
    return f"{text}\n\u2014 {ORIGIN} {base64.b64encode(key_id + key.sign(text.encode())).decode()}\n"


def entry_of(seq, prev, key):
    common = {"organisation": ORGANISATION, "prev": prev, "recorded": "2026-01-01T00:00:00.000Z", "seq": seq, "version": 1}
    if seq == 1:
        return {**common, "kind": "log-started", "log": "5" * 32, "public_key": key.public.hex(), "random": "9" * 64, "source": "audit"}, []
    entry = {**common, "actor_class": "user", "at": "2026-01-01T00:00:00.000Z", "event": f"{seq:032d}", "kind": "sent", "result": "ok", "source": "crypto"}
    disclosures = []
    for place, value in enumerate(["ada@clinic.example", 'J\u00f6rg "de" \U0001f512\n\u001f'][: seq % 3]):
        salt = bytes([seq, place]) * 16
        commitment = sha256(b"securemail/1 commitment", salt, struct.pack(">I", 4), b"user", value.encode()).hex()
        entry.setdefault("personal", []).append({"name": "user", "commitment": commitment})
        if seq != 5 or place != 0:  # one is erased
            disclosures.append({"place": place, "name": "user", "value": value, "salt": salt.hex()})
    return entry, disclosures


def untouched(entry, disclosures):
    pass


made = {}  # logs that were written already


def log_of(count, change=untouched, key=Key(bytes(31) + b"7")):
    """Lines and notes of a log; `change` may touch an entry before it is hashed, as only the log's owner could."""
    if change is untouched and (count, key.public) in made:
        lines, notes = made[count, key.public]
        return list(lines), dict(notes)
    leaves, lines, notes, prev = [], [], {}, "0" * 64
    for seq in range(1, count + 1):
        entry, disclosures = entry_of(seq, prev, key)
        change(entry, disclosures)
        raw = canonical(entry)
        leaves.append(raw.encode())
        prev = sha256(b"securemail/1 entry\0", raw.encode()).hex()
        lines.append(canonical({"type": "entry", "seq": seq, "entry": entry, "hash": prev, **({"disclosures": disclosures} if disclosures else {})}))
        notes[seq] = note_of(key, leaves)
        if seq % 3 == 0:
            lines.append(canonical({"type": "checkpoint", "size": seq, "note": notes[seq]}))
    key_id = sha256(ORIGIN.encode(), b"\n\1", key.public)[:4].hex()
    keys = [{"public_key": key.public.hex(), "note_key": f"{ORIGIN}+{key_id}+{base64.b64encode(bytes([1]) + key.public).decode()}"}]
    header = {
        "type": "header", "format": "securemail-audit-log", "version": 1, "organisation": ORGANISATION, "log": "5" * 32,
        "first_seq": 1, "last_seq": count, "hash": "SHA-256", "canonicalisation": "RFC 8785", "keys": keys,
    }
    footer = {"type": "footer", "count": count, "hash": prev, "root": root_of(leaves).hex(), "note": notes[count]}
    written = [canonical(header), *lines, canonical(footer)]
    if change is untouched:
        made[count, key.public] = written, notes
    return list(written), dict(notes)


def text_of(lines):
    return "".join(line + "\n" for line in lines).encode()


# --- both verdicts ---

COMPARED = ("verified", "line")
COUNTED = ("anchored", "entries", "disclosed", "erased", "told_erased")


class Both(unittest.TestCase):
    folder = tempfile.TemporaryDirectory()

    def path(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    def both(self, content, kept=(), key=None, is_proof=False):
        """The verdict in which both agree."""
        arguments = [self.path("log.ndjson", content), "--json"]
        for number, note in enumerate(kept):
            arguments += ["--checkpoint", self.path(f"kept-{number}", note.encode())]
        if key:
            arguments += ["--key", key.hex()]
        told = subprocess.run([FIRST_VERIFIER, *(["--proof"] if is_proof else []), *arguments], capture_output=True, check=False).stdout
        check = second.verify_proof if is_proof else second.verify
        first, other = json.loads(told), check(io.BytesIO(content), kept, key)
        message = f"seed {SEED}: {first.get('reason')} / {other.get('reason')}\n{content[:6000]!r}"
        self.assertEqual({each: first.get(each) for each in COMPARED}, {each: other.get(each) for each in COMPARED}, message)
        if first["verified"]:
            self.assertEqual([first[each] for each in COUNTED], [other[each] for each in COUNTED])
        return first

    def bad(self, content, line=None, **options):
        verdict = self.both(content, **options)
        self.assertFalse(verdict["verified"], content)
        if line is not None:
            self.assertEqual(verdict["line"], line)

    def prove(self, content, seq, kept=()):
        """The proof that securemail-verify writes of an entry; empty when it does not."""
        arguments = [self.path("log.ndjson", content), "--prove", str(seq)]
        for number, note in enumerate(kept):
            arguments += ["--checkpoint", self.path(f"kept-{number}", note.encode())]
        return subprocess.run([FIRST_VERIFIER, *arguments], capture_output=True, check=False).stdout

    # --- one entry ---

    def test_every_entry_of_a_log_of_any_size_is_proven(self):
        for count in (1, 2, 3, 6, 8, 11):
            lines, notes = log_of(count)
            for seq in range(1, count + 1):
                proof = self.prove(text_of(lines), seq)
                self.assertTrue(self.both(proof, is_proof=True)["verified"])
                self.assertTrue(self.both(proof, [notes[count]], is_proof=True)["anchored"])
                self.assertEqual(proof.count(b'"seq":'), 2)  # the entry's and the proof's: nothing of others

    def test_an_entry_is_proven_under_the_checkpoint_that_was_kept(self):
        lines, notes = log_of(13)
        for size in (5, 8):
            for seq in range(1, size + 1):
                proof = self.prove(text_of(lines), seq, [notes[size]])
                self.assertTrue(self.both(proof, [notes[size]], is_proof=True)["anchored"])
                self.bad(proof, 1, kept=[notes[13]], is_proof=True)
            self.assertEqual(self.prove(text_of(lines), size + 1, [notes[size]]), b"")

    def test_nothing_is_proven_out_of_a_log_that_does_not_verify(self):
        lines, _ = log_of(5)
        self.assertEqual(self.prove(text_of(lines[:-1]), 2), b"")
        self.assertEqual(self.prove(text_of(lines), 6), b"")

    def test_a_proof_that_was_changed_is_refused(self):
        lines, notes = log_of(7)
        proof = self.prove(text_of(lines), 5)
        for at in range(0, len(proof), 11):
            changed = bytearray(proof)
            changed[at] ^= 1
            self.bad(bytes(changed), is_proof=True)
            self.bad(proof[:at], is_proof=True)
        value = json.loads(proof)
        for name in [*value, "aa", "zz"]:
            for other in ("", 0, 6, [], {}, None, "0" * 64, ["0" * 64], [*value["hashes"], "0" * 64], value["hashes"][:-1]):
                if name not in value or value[name] != other:
                    self.bad((canonical({**value, name: other}) + "\n").encode(), is_proof=True)
        self.bad(proof + proof, is_proof=True)
        self.bad(proof, 1, key=Key(b"other").public, is_proof=True)
        self.bad((canonical({**value, "note": notes[6]}) + "\n").encode(), 1, is_proof=True)

    def test_disclosures_may_be_left_out_of_a_proof(self):
        value = json.loads(self.prove(text_of(log_of(4)[0]), 2))
        del value["disclosures"]
        self.assertEqual(self.both((canonical(value) + "\n").encode(), is_proof=True)["erased"], 2)

    # --- a continued log ---

    def extension(self, older, newer, notes):
        """A consistency proof by RFC 6962's own recursion."""
        leaves = [canonical(json.loads(line)["entry"]).encode() for line in log_of(newer)[0] if '"type":"entry"' in line]
        return {
            "format": "securemail-audit-consistency", "hashes": [each.hex() for each in consistency_of(older, leaves)],
            "keys": json.loads(log_of(newer)[0][0])["keys"], "note": notes[newer], "older": notes[older], "organisation": ORGANISATION,
            "type": "consistency", "version": 1,
        }

    def test_every_older_checkpoint_is_shown_to_be_continued(self):
        _, notes = log_of(13)
        for older, newer in [(older, newer) for newer in (1, 2, 5, 8, 13) for older in range(1, newer + 1)]:
            proof = (canonical(self.extension(older, newer, notes)) + "\n").encode()
            verdict = self.both(proof, [notes[older]], is_proof=True)
            self.assertEqual((verdict["verified"], verdict["anchored"], verdict["entries"]), (True, True, newer))
            if older != newer:
                self.bad(proof, 1, kept=[notes[newer]], is_proof=True)

    def test_a_continuation_that_was_changed_is_refused(self):
        _, notes = log_of(13)
        value = self.extension(6, 13, notes)
        proof = (canonical(value) + "\n").encode()
        for at in range(0, len(proof), 7):
            changed = bytearray(proof)
            changed[at] ^= 1
            self.bad(bytes(changed), is_proof=True)
        for name in [*value, "aa"]:
            for other in ("", 0, [], {}, "0" * 64, ["0" * 64] * 65, [*value["hashes"], "0" * 64], value["hashes"][:-1], value["hashes"][::-1], notes[7]):
                self.bad((canonical({**value, name: other}) + "\n").encode(), is_proof=True)
        self.bad((canonical({**value, "note": value["older"], "older": value["note"]}) + "\n").encode(), 1, is_proof=True)
        self.bad(proof, 1, key=Key(b"other").public, is_proof=True)

    def test_a_continuation_by_another_key_needs_that_key(self):
        _, notes = log_of(6)
        other = Key(b"other")
        _, others = log_of(6, key=other)
        leaves = [canonical(json.loads(line)["entry"]).encode() for line in log_of(6)[0] if '"type":"entry"' in line]
        value = {**self.extension(4, 6, notes), "note": note_of(other, leaves)}
        value["keys"] = value["keys"] + json.loads(log_of(6, key=other)[0][0])["keys"]
        proof = (canonical(value) + "\n").encode()
        self.bad(proof, 1, is_proof=True)
        self.bad(proof, 1, key=Key(bytes(31) + b"7").public, is_proof=True)
        self.assertTrue(self.both(proof, [notes[4]], key=other.public, is_proof=True)["anchored"])
        self.bad((canonical({**value, "note": others[6]}) + "\n").encode(), 1, is_proof=True)

    # --- what is whole ---

    def test_whole_logs_verify_with_any_checkpoint_of_their_past(self):
        for count in (1, 2, 3, 8, 13):
            lines, notes = log_of(count)
            for kept in [[], [notes[1]], [notes[count]], list(notes.values())]:
                verdict = self.both(text_of(lines), kept)
                self.assertTrue(verdict["verified"])
                self.assertEqual(verdict["anchored"], bool(kept))

    def test_a_checkpoint_may_be_signed_by_a_witness_too_but_only_one_that_was_kept(self):
        lines, notes = log_of(4)
        witnessed = notes[4] + "\u2014 witness.example AAAAAAAA\n"
        self.assertTrue(self.both(text_of(lines), [witnessed])["anchored"])
        footer = {**json.loads(lines[-1]), "note": witnessed}
        self.bad(text_of([*lines[:-1], canonical(footer)]), len(lines))

    def test_erased_values_are_counted_and_no_fault(self):
        lines, _ = log_of(8)
        bare = [canonical({name: value for name, value in json.loads(line).items() if name != "disclosures"}) for line in lines]
        self.assertEqual(self.both(text_of(bare))["disclosed"], 0)

    def erasing_log(self, values, **members):
        """A log of eight whose last entry tells that these values, (seq, place) each, were erased."""

        def change(entry, disclosures):
            disclosures[:] = [each for each in disclosures if (entry["seq"], each["place"]) not in values]
            if entry["seq"] == 8:
                told = [{"place": place, "seq": seq} for seq, place in values]
                entry.update({"kind": "personal-erased", "source": "audit", "erased": told, **members})

        return text_of(log_of(8, change)[0])

    def test_what_an_entry_tells_to_be_erased_is_counted(self):
        verdict = self.both(self.erasing_log([(2, 1), (4, 0), (5, 0)]))
        self.assertEqual((verdict["verified"], verdict["erased"], verdict["told_erased"]), (True, 3, 3))
        proof = self.prove(self.erasing_log([(2, 1), (5, 0)]), 8)
        self.assertTrue(self.both(proof, is_proof=True)["verified"])

    def test_an_erasure_of_another_form_is_named(self):
        line = 1 + 8 + 2  # header, entries, checkpoints before it
        for erased in ([], [(2, 1), (2, 1)], [(4, 0), (2, 1)], [(2, 4)], [(0, 0)], [(8, 0)], [(9, 0)], [(seq, 0) for seq in range(1, 100)]):
            self.bad(self.erasing_log(erased), line)
        for members in ({"source": "crypto"}, {"kind": "sent"}, {"erased": "x"}, {"erased": [{"place": 0}]}, {"erased": [{"place": 0, "seq": 2, "value": "x"}]}, {"erased": [[]]}):
            self.bad(self.erasing_log([(2, 1)], **members), line)
            self.bad(self.prove(self.erasing_log([(2, 1)]), 8).replace(b'"personal-erased"', b'"sent"'), is_proof=True)

    # --- what is not ---

    def test_lines_that_were_dropped_doubled_swapped_or_cut_are_named(self):
        lines, notes = log_of(8)
        for at in range(len(lines)):
            self.bad(text_of(lines[:at]))
            if '"type":"checkpoint"' not in lines[at]:
                self.bad(text_of(lines[:at] + lines[at + 1 :]), kept=[notes[8]])
                self.bad(text_of(lines[: at + 1] + lines[at:]))
            if at:
                self.bad(text_of(lines[: at - 1] + [lines[at], lines[at - 1]] + lines[at + 1 :]))

    def test_every_changed_byte_is_named(self):
        content = text_of(log_of(5)[0])
        chosen = random.Random(SEED)
        for at in range(0, len(content), 5):
            changed = bytearray(content)
            changed[at] ^= 1 << chosen.randrange(8)
            self.bad(bytes(changed))

    def test_members_added_dropped_or_of_another_form_are_named(self):
        lines, _ = log_of(6)
        for at, line in enumerate(lines):
            value = json.loads(line)
            for name in [*value, "aa", "zz"]:
                for other in ("", "x", 0, 1, 2**53, [], {}, [{}], None, True, "0" * 32, "0" * 64):
                    if value.get(name) != other or name not in value:
                        self.bad(text_of([*lines[:at], canonical({**value, name: other}), *lines[at + 1 :]]))
                dropped = {each: value[each] for each in value if each != name}
                if name in value and name != "disclosures":
                    self.bad(text_of([*lines[:at], canonical(dropped), *lines[at + 1 :]]))

    def test_an_entry_of_another_form_is_named_though_the_log_s_owner_wrote_it(self):
        optional = {"actor", "erased", "link", "message", "personal", "reason"}
        for seq in (1, 2):
            entry, _ = entry_of(seq, "0" * 64, Key(b"any"))
            for name in [*entry, *optional, "other"]:
                for other in (None, "", "x", 0, [], {}, "0" * 31, "A" * 32):

                    def change(found, disclosures, name=name, other=other):
                        if found["seq"] == seq:
                            del disclosures[:]
                            found.pop(name, None) if other is None else found.__setitem__(name, other)

                    self.both(text_of(log_of(2, change)[0]))

    def test_disclosures_that_do_not_fit_are_named(self):
        lines, _ = log_of(5)
        at = next(number for number, line in enumerate(lines) if line.count('"place"') == 2)
        value = json.loads(lines[at])
        for place in (0, 1):
            for name, other in [("place", 1 - place), ("place", 7), ("name", "sender"), ("name", "U"), ("value", ""), ("value", "a" * 255), ("salt", "0" * 64), ("salt", "")]:
                changed = copy.deepcopy(value)
                changed["disclosures"][place][name] = other
                self.bad(text_of([*lines[:at], canonical(changed), *lines[at + 1 :]]), at + 1)

    def test_a_text_in_another_spelling_is_named(self):
        lines, _ = log_of(5)
        at = next(number for number, line in enumerate(lines) if '"disclosures"' in line)
        for spelling in (b"\\u0061da@", b"\\/ada@", b"\xc0\xafda@", b"\xed\xa0\x80@", b"\\ud83d\\udd12@", b"\\u001F@", b"\\x@", b"\x00@", b"\t@"):
            changed = text_of([lines[at]]).replace(b"ada@", spelling, 1)
            self.bad(text_of(lines[:at]) + changed + text_of(lines[at + 1 :]), at + 1)

    def test_a_history_written_anew_needs_the_kept_checkpoint(self):
        _, notes = log_of(8)

        def change(entry, _):
            if entry["seq"] == 4:
                entry["kind"] = "revoked"

        forged = text_of(log_of(8, change)[0])
        self.assertTrue(self.both(forged)["verified"])
        self.bad(forged, kept=[notes[5]])
        self.bad(text_of(log_of(6)[0]), 0, kept=[notes[8]])
        self.bad(text_of(log_of(8, key=Key(b"other"))[0]), 1, kept=[notes[3]])
        self.bad(text_of(log_of(8)[0]), 1, key=Key(b"other").public)

    def test_files_that_are_no_logs_are_refused_alike(self):
        for content in (b"", b"\n", b"{}\n", b"[]\n", b"[" * 70000, b"{" * 70000 + b"\n", b'{"type":"header"', b"\xff\n", b"null\n", b'{"type":7}\n', b'{"a":1.5}\n', b'{"a":-1}\n', b'{"a":1,"a":1}\n', b" {}\n"):
            self.bad(content)

    def test_random_changes_are_named_alike(self):
        chosen = random.Random(SEED)
        lines, notes = log_of(7)
        pieces = [b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\n", b"\n", b"0", b"9" * 20, b"\xe2\x80\x94", b'"seq":', b"\xff", b"null"]
        for _ in range(RANDOM_CHANGES):
            content = bytearray(text_of(lines))
            for _ in range(chosen.choice((1, 1, 2, 4))):
                at, size = chosen.randrange(len(content)), chosen.choice((0, 1, 1, 2, 40))
                content[at : at + size] = chosen.choice([b"", chosen.choice(pieces), bytes(content[chosen.randrange(len(content)) :][:size])])
            self.both(bytes(content), [notes[4]])


class Signatures(unittest.TestCase):
    # RFC 8032 section 7.1, tests 1 to 3: public key, message, signature
    VECTORS = [
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "", "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72", "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
        ("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82", "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
    ]

    def test_the_vectors_of_rfc_8032_are_signed(self):
        for public_key, message, signature in self.VECTORS:
            self.assertTrue(ed25519.is_signed(bytes.fromhex(public_key), bytes.fromhex(message), bytes.fromhex(signature)))

    def test_no_changed_bit_of_a_signature_is_signed(self):
        public_key, message, signature = (bytes.fromhex(part) for part in self.VECTORS[1])
        for at in range(0, 512, 7):
            changed = bytearray(signature)
            changed[at // 8] ^= 1 << at % 8
            self.assertFalse(ed25519.is_signed(public_key, message, bytes(changed)))
        self.assertFalse(ed25519.is_signed(public_key, message + b"x", signature))
        self.assertFalse(ed25519.is_signed(public_key, message, signature[:63]))
        self.assertFalse(ed25519.is_signed(bytes(31), message, signature))

    def test_a_scalar_of_the_group_s_order_or_above_is_refused(self):
        public_key, message, signature = (bytes.fromhex(part) for part in self.VECTORS[1])
        scalar = int.from_bytes(signature[32:], "little") + ed25519.L
        self.assertFalse(ed25519.is_signed(public_key, message, signature[:32] + scalar.to_bytes(32, "little")))


if __name__ == "__main__":
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=0).run(unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
