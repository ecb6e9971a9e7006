// The packer and unpacker: exactly the table's fields, in order, of the right type, within limits, in
// the shortest form, and nothing behind. Every operation's messages, made from the printed tables.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { encode as pack } from '@msgpack/msgpack';

import { load } from './support/load.mjs';

const web = await load('web/protocol/codec.ts', 'web/protocol/protocol.ts', 'web/envelope/bytes.ts');

const tables = Object.values(web).filter((each) => each?.at && each?.name);

// A message that its table allows.
function sample(fields) {
  return Object.fromEntries(fields.at.map((field) => [field.name, sampleOf(field)]));
}
function sampleOf({ kind, min, max, item }) {
  switch (kind) {
    case 'u64': return Math.min(Math.max(min, 300), max);
    case 'bool': return true;
    case 'text':
    case 'line': return 'x'.repeat(Math.min(Math.max(min, 3), max));
    case 'bytes': return new Uint8Array(Math.max(min, 1)).fill(7);
    case 'id': return 'ab'.repeat(16);
    case 'list': return Array.from({ length: Math.max(min, 2) }, () => sample(item));
    case 'map': return sample(item);
  }
}


// The same message as plain msgpack, ids as bytes, so that a test can spoil it.
function raw(fields, message) {
  return Object.fromEntries(fields.at.map((field) => [field.name, rawOf(field, message[field.name])]));
}
function rawOf({ kind, item }, value) {
  if (kind === 'id') return Uint8Array.from(Buffer.from(value || '0'.repeat(32), 'hex'));
  if (kind === 'map') return raw(item, value);
  if (kind === 'list') return value.map((each) => raw(item, each));
  return value;
}

test('there are tables for every operation', () => {
  assert.equal(Object.keys(web.OPERATIONS).length, 33);
  assert.ok(tables.length > 25);
});

test('every message is read as it was written', () => {
  for (const fields of tables) {
    const message = sample(fields);
    assert.deepEqual(web.decode(fields, web.encode(fields, message)), message, fields.name);
    assert.deepEqual(Buffer.from(web.encode(fields, message)), Buffer.from(pack(raw(fields, message))), fields.name);
  }
});

test('the order of an object literal does not matter when writing', () => {
  const message = { parts: 2, message: 'cd'.repeat(16) };
  assert.deepEqual(web.encode(web.sealed_aad, message), web.encode(web.sealed_aad, { message: message.message, parts: 2 }));
});

test('a missing, extra, reordered or misnamed field is refused', () => {
  for (const fields of tables.filter((each) => each.at.length > 1)) {
    const message = raw(fields, sample(fields));
    const names = Object.keys(message);
    const { [names[0]]: first, ...without } = message;
    const spoilt = [without, { ...message, extra: 1 }, { ...without, [names[0]]: first }, { ...without, other: first }, {}, [message], null, 1, 'x'];
    for (const each of spoilt) assert.throws(() => web.decode(fields, pack(each)), web.Tampered, `${fields.name} ${Object.keys(each ?? {})}`);
    assert.throws(() => web.encode(fields, { ...sample(fields), extra: 1 }), web.BadValue);
  }
});

const otherThan = {
  u64: [-1, 1.5, 'x', true, null, 2n ** 53n],
  bool: [0, 1, 'true', null],
  text: [1, new Uint8Array(3), null, 'a\u0000', '\ud800'],
  line: [1, new Uint8Array(3), null, 'a\nb', 'a\u202eb', '\ud800'],
  bytes: ['x', 1, null, [1, 2]],
  id: ['x', new Uint8Array(15), new Uint8Array(17), null],
  list: [{}, 'x', null, 1],
  map: [[], 'x', null, 1],
};

test('a value of another type is refused in every field, in both directions', () => {
  for (const fields of tables)
    for (const field of fields.at)
      for (const value of otherThan[field.kind]) {
        const bytes = pack({ ...raw(fields, sample(fields)), [field.name]: value }, { useBigInt64: true });
        assert.throws(() => web.decode(fields, bytes), web.Tampered, `${fields.name}.${field.name} ${String(value)}`);
        assert.throws(() => web.encode(fields, { ...sample(fields), [field.name]: value }), web.BadValue, `${fields.name}.${field.name}`);
      }
});

function beyond({ kind, min, max }) {
  if (kind === 'u64') return [...(min > 0 ? [min - 1] : []), ...(max < Number.MAX_SAFE_INTEGER ? [max + 1] : [])];
  if (kind === 'text' || kind === 'line') return [...(min > 0 ? ['x'.repeat(min - 1)] : []), 'x'.repeat(max + 1), 'é'.repeat(Math.ceil((max + 1) / 2))];
  if (kind === 'bytes') return [...(min > 0 ? [new Uint8Array(min - 1)] : []), new Uint8Array(max + 1)];
  return [];
}

test('a value beyond its limits is refused, in bytes and not in letters', () => {
  for (const fields of tables)
    for (const field of fields.at)
      for (const value of beyond(field)) {
        assert.throws(() => web.encode(fields, { ...sample(fields), [field.name]: value }), web.BadValue, `${fields.name}.${field.name}`);
        assert.throws(() => web.decode(fields, pack({ ...raw(fields, sample(fields)), [field.name]: value })), web.Tampered);
      }
});

test('a list with too few or too many items is refused', () => {
  for (const fields of tables)
    for (const field of fields.at.filter((each) => each.kind === 'list'))
      for (const count of [field.min - 1, field.max + 1].filter((each) => each >= 0)) {
        const list = Array.from({ length: count }, () => sample(field.item));
        assert.throws(() => web.encode(fields, { ...sample(fields), [field.name]: list }), web.BadValue);
        assert.throws(() => web.decode(fields, pack({ ...raw(fields, sample(fields)), [field.name]: list.map((each) => raw(field.item, each)) })), web.Tampered);
      }
});

test('an id that a table requires is not none, and one that it does not may be', () => {
  const [none, some] = [new Uint8Array(16), 'ab'.repeat(16)];
  assert.deepEqual(web.decode(web.sealed_aad, pack({ message: none, parts: 0 })), { message: '', parts: 0 });
  assert.deepEqual(web.decode(web.sealed_aad, web.encode(web.sealed_aad, { message: '', parts: 0 })), { message: '', parts: 0 });
  const proof = { session: some, secret: new Uint8Array(32) };
  assert.throws(() => web.decode(web.session_proof, pack({ ...raw(web.session_proof, proof), session: none })), web.Tampered);
  assert.throws(() => web.encode(web.session_proof, { ...proof, session: '' }), web.BadValue);
});

test('trailing bytes, cut bytes, longer forms and repeated fields are refused', () => {
  const good = web.encode(web.sealed_aad, { message: 'ab'.repeat(16), parts: 2 });
  const bytes = Buffer.from(good);
  const bad = {
    trailing: Buffer.concat([bytes, Buffer.from([0])]),
    twice: Buffer.concat([bytes, bytes]),
    'number as uint 8': Buffer.concat([bytes.subarray(0, -1), Buffer.from([0xcc, 2])]),
    'number as uint 64': Buffer.concat([bytes.subarray(0, -1), Buffer.from([0xcf, 0, 0, 0, 0, 0, 0, 0, 2])]),
    'number as float': Buffer.concat([bytes.subarray(0, -1), Buffer.from([0xca, 0x40, 0, 0, 0])]),
    'map 16': Buffer.concat([Buffer.from([0xde, 0, 2]), bytes.subarray(1)]),
    'name as str 8': Buffer.concat([bytes.subarray(0, 1), Buffer.from([0xd9, 7]), bytes.subarray(2)]),
    'field repeated': Buffer.concat([Buffer.from([0x83]), bytes.subarray(1), Buffer.from([0xa5]), Buffer.from('parts'), Buffer.from([2])]),
    'first field repeated': Buffer.concat([Buffer.from([0x83]), bytes.subarray(1, -7), bytes.subarray(1)]),
    'a map of 4 G': Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]),
    'an array of 4 G': Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
    'extension': Buffer.from([0xd4, 1, 0]),
    'nested without end': Buffer.alloc(100_000, 0x91),
    '__proto__': Buffer.from(pack(JSON.parse('{"__proto__": 1, "parts": 2}'))),
    empty: Buffer.alloc(0),
  };
  assert.deepEqual(web.decode(web.sealed_aad, good), { message: 'ab'.repeat(16), parts: 2 });
  for (const [name, each] of Object.entries(bad)) assert.throws(() => web.decode(web.sealed_aad, new Uint8Array(each)), web.Tampered, name);
  for (let size = 0; size < bytes.length; size++) assert.throws(() => web.decode(web.sealed_aad, good.subarray(0, size)), web.Tampered);
});

test('text that is not UTF-8 is refused', () => {
  const good = Buffer.from(web.encode(web.failure, { attempts_left: 0, retry_after_s: 0, until_ms: 0, reason: 'abcd' }));
  for (const bad of [[0xff, 0x61, 0x61, 0x61], [0xc3, 0x61, 0x61, 0x61], [0xed, 0xa0, 0x80, 0x61], [0xc0, 0x80, 0x61, 0x61], [0xf4, 0x90, 0x80, 0x80]])
    assert.throws(() => web.decode(web.failure, new Uint8Array(Buffer.concat([good.subarray(0, -4), Buffer.from(bad)]))), web.Tampered, String(bad));
});

test("the gateway's JSON is read by the same tables", () => {
  const message = { message: null, parts: 3 };
  assert.deepEqual(web.decodeJson(web.sealed_aad, message), { message: '', parts: 3 });
  const proof = { session: 'ab'.repeat(16), secret: Buffer.alloc(32).toString('base64url') };
  assert.deepEqual(web.decodeJson(web.session_proof, proof), { session: proof.session, secret: new Uint8Array(32) });
  for (const bad of [{ ...proof, secret: `${proof.secret}=` }, { ...proof, session: null }, { ...proof, session: 'AB'.repeat(16) }, { session: proof.session }, null, []])
    assert.throws(() => web.decodeJson(web.session_proof, bad), web.Tampered);
});
