// The page's check of the log, on a log that is made here as docs/audit-format.md says: what was not
// touched passes, and every way to touch it is found.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { test } from 'node:test';

import { load } from './support/load.mjs';

const { LogCheck, readCheckpoint, Lines, ExportProgress } = await load('web/client/log_check.ts', 'web/client/audit.ts');

const ORGANISATION = '8504a8e4202f5b8ba3c4ec53a07129bf';
const ORIGIN = `securemail/${ORGANISATION}`;
const { publicKey, privateKey } = crypto.generateKeyPairSync('ed25519');
const RAW_KEY = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32);

const sha256 = (...parts) => crypto.createHash('sha256').update(Buffer.concat(parts.map((each) => Buffer.from(each)))).digest();
const sorted = (value) => JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))));

// Another shape than the page's: RFC 6962's definition, from the top.
function root(leaves) {
  if (leaves.length === 0) return sha256('');
  if (leaves.length === 1) return sha256([0], leaves[0]);
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256([1], root(leaves.slice(0, split)), root(leaves.slice(split)));
}

function noteOf(leaves) {
  const text = `${ORIGIN}\n${leaves.length}\n${root(leaves).toString('base64')}\n`;
  const keyId = sha256(`${ORIGIN}\n`, [1], RAW_KEY).subarray(0, 4);
  const blob = Buffer.concat([keyId, crypto.sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n\u2014 ${ORIGIN} ${blob.toString('base64')}\n`;
}

function entryOf(seq, prev) {
  const salt = crypto.randomBytes(32);
  const value = `person${seq}@clinic.example`;
  const size = Buffer.alloc(4);
  size.writeUInt32BE(4);
  const commitment = sha256('securemail/1 commitment', salt, size, 'user', value).toString('hex');
  const entry = { kind: 'signed-in', organisation: ORGANISATION, personal: [{ commitment, name: 'user' }], prev, reason: 'é "\n', seq, version: 1 };
  return { entry, disclosures: [{ name: 'user', place: 0, salt: salt.toString('hex'), value }] };
}

// Lines of a log with `count` entries; `change` may touch each entry before it is hashed.
function logOf(count, change = () => {}) {
  const leaves = [];
  const lines = [];
  const notes = [];
  let prev = '0'.repeat(64);
  for (let seq = 1; seq <= count; seq++) {
    const { entry, disclosures } = entryOf(seq, prev);
    change(entry, disclosures, seq);
    const bytes = JSON.stringify(entry);
    prev = sha256('securemail/1 entry\0', bytes).toString('hex');
    leaves.push(Buffer.from(bytes));
    notes.push(noteOf(leaves));
    lines.push(`{"disclosures":${JSON.stringify(disclosures)},"entry":${bytes},"hash":"${prev}","seq":${seq},"type":"entry"}`);
    if (seq % 3 === 0) lines.push(sorted({ type: 'checkpoint', size: seq, note: notes.at(-1) }));
  }
  const keys = [{ public_key: RAW_KEY.toString('hex') }];
  const header = sorted({ type: 'header', format: 'securemail-audit-log', version: 1, organisation: ORGANISATION, last_seq: count, keys });
  const footer = sorted({ type: 'footer', count, hash: prev, root: root(leaves).toString('hex'), note: notes.at(-1) });
  return { lines: [header, ...lines, footer], notes };
}

async function check(lines, kept = '') {
  const checked = new LogCheck(kept ? readCheckpoint(kept) : null);
  for (const line of lines) checked.add(line);
  return checked.finish();
}

const faultsOf = async (lines, kept) => [...new Set((await check(lines, kept)).faults.map(({ fault }) => fault))];
const at = (lines, seq) => lines.findIndex((line) => line.includes(`"seq":${seq},"type":"entry"`));

for (const count of [1, 2, 3, 4, 7, 8, 20])
  test(`an untouched log of ${count} entries passes, with any checkpoint of its past`, async () => {
    const { lines, notes } = logOf(count);
    for (const note of [undefined, ...notes]) {
      const verdict = await check(lines, note);
      assert.deepEqual(verdict.faults, []);
      assert.equal(verdict.entries, count);
      assert.equal(verdict.isAnchored, note !== undefined);
    }
  });

test('a changed entry is named', async () => {
  const { lines } = logOf(8);
  lines[at(lines, 5)] = lines[at(lines, 5)].replace('signed-in', 'signed-on');
  const { faults } = await check(lines);
  assert.deepEqual(faults[0], { fault: 'entry', seq: 5 });
  assert.ok(faults.some(({ fault }) => fault === 'head'));
});

test('a changed entry with a new hash breaks the chain', async () => {
  const { lines } = logOf(8);
  const line = JSON.parse(lines[at(lines, 5)]);
  line.entry.kind = 'opened';
  line.hash = sha256('securemail/1 entry\0', JSON.stringify(line.entry)).toString('hex');
  lines[at(lines, 5)] = JSON.stringify(line);
  const { faults } = await check(lines);
  assert.ok(faults.some(({ fault, seq }) => fault === 'chain' && seq === 6));
});

test('a dropped, a doubled and a swapped entry are out of order', async () => {
  for (const touch of [
    (lines) => lines.splice(at(lines, 4), 1),
    (lines) => lines.splice(at(lines, 4), 0, lines[at(lines, 4)]),
    (lines) => lines.splice(at(lines, 4), 0, ...lines.splice(at(lines, 5), 1)),
  ]) {
    const { lines } = logOf(8);
    touch(lines);
    assert.ok((await faultsOf(lines)).includes('order'));
  }
});

test('another name than the one that was written is found; an erased one is not missed', async () => {
  const { lines } = logOf(4);
  const index = at(lines, 2);
  const other = [...lines];
  other[index] = lines[index].replace('person2@', 'person9@');
  assert.deepEqual(await faultsOf(other), ['disclosure']);
  const erased = [...lines];
  erased[index] = lines[index].replace(/^\{"disclosures":\[.*?\],/, '{');
  assert.deepEqual(await faultsOf(erased), []);
});

test('a log that was cut off, or written anew, does not fit a checkpoint that was kept', async () => {
  const long = logOf(9);
  const short = logOf(5);
  assert.deepEqual(await faultsOf(short.lines, long.notes[8]), ['shorter']);
  assert.deepEqual(await faultsOf(short.lines, long.notes[2]), ['other-history']);
  const elsewhere = long.notes[2].replaceAll(ORGANISATION, 'f'.repeat(32));
  assert.deepEqual(await faultsOf(long.lines, elsewhere), ['other-history']);
});

test('a head with another signature is not genuine', async () => {
  const { lines } = logOf(4);
  const footer = JSON.parse(lines.at(-1));
  footer.note = footer.note.replace(/ [A-Za-z0-9+/=]+\n$/, ` ${Buffer.alloc(68, 7).toString('base64')}\n`);
  lines[lines.length - 1] = sorted(footer);
  assert.deepEqual(await faultsOf(lines), ['signature']);
});

test('a log without its end, without its beginning, or with more behind it is not in form', async () => {
  const { lines } = logOf(4);
  for (const wrong of [[], lines.slice(0, -1), lines.slice(1), [...lines, lines[1]], [lines[0], 'not json', ...lines.slice(1)], ['null', ...lines]])
    assert.ok((await faultsOf(wrong)).includes('form'), JSON.stringify(wrong).slice(0, 80));
  const spaced = [...lines];
  spaced[1] = spaced[1].replace('"type"', ' "type"');
  assert.deepEqual(await faultsOf(spaced), ['form', 'order', 'chain', 'head']);
});

test('hostile lines never stop the check', async () => {
  const { lines } = logOf(2);
  const values = ['{}', '[]', '1', '""', '{"type":"entry"}', '{"entry":null,"type":"entry"}', '{"disclosures":[{"place":-1},{"place":{}},7],"entry":{"personal":7},"type":"entry"}',
    '{"note":7,"size":{},"type":"checkpoint"}', '{"keys":{},"type":"header"}', '{"type":"footer"}', '{"keys":[{"public_key":"zz"}],"type":"header"}'];
  for (const value of values) {
    assert.ok((await check([value])).faults.length > 0);
    assert.ok((await check([lines[0], value, ...lines.slice(1)])).faults.length > 0);
  }
});

test('a pasted checkpoint may be indented and end as other systems end lines; another text is none', () => {
  const { notes } = logOf(3);
  const pasted = `  \n${notes[2].replaceAll('\n', '\r\n  ')}\n\n`;
  assert.deepEqual(readCheckpoint(pasted), readCheckpoint(notes[2]));
  assert.equal(readCheckpoint(notes[2]).size, 3);
  for (const other of ['', 'securemail', notes[2].slice(0, 60), notes[2].replace('\u2014', '-'), notes[2].replace('3', '-3')])
    assert.equal(readCheckpoint(other), null);
});

test('lines come whole out of any pieces, and the progress is that of the entries', () => {
  const { lines } = logOf(5);
  const bytes = Buffer.from(`${lines.join('\n')}\n`);
  for (const size of [1, 7, 1000, bytes.length]) {
    const split = new Lines();
    const progress = new ExportProgress();
    const found = [];
    for (let from = 0; from < bytes.length; from += size) {
      for (const line of split.add(bytes.subarray(from, from + size))) {
        progress.add(line);
        found.push(line);
      }
    }
    assert.deepEqual(found, lines);
    assert.deepEqual({ ...progress }, { done: 5, total: 5, isWhole: true });
  }
});
