// SECURITY.md 7, attack 10: whoever keeps the ciphertext cuts, swaps, reorders and flips it, across parts and
// messages. The reader stops with an error before anything is offered. (Chunks by themselves: the published
// vectors in tests/unit/envelope and tests/web.)

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { allUnder } from '../support/walk.mjs';
import * as act from '../system/support/actions.mjs';
import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

const CHUNK = 16 * 1024 + 16;
const HEAD = 56; // salt and commitment

let world;
let mine;
let other;
let east; // of a second organisation
const kept = new Map();
before(async () => {
  world = await startWorld();
  const files = () => [act.makeFile(world, 'a.bin', 60_000), act.makeFile(world, 'b.bin', 60_000)];
  mine = await attack.mailed(world, 'mine@recipient.example', { attach: files() });
  other = await attack.mailed(world, 'other@recipient.example', { attach: files() });
  world.organisation = (await world.admin(['org', 'create', '--name', 'Law Firm East', '--language', 'en'])).json.organisation;
  await world.makeUser('east', 'sender@east.example', 'Eve East', 'sender');
  east = await attack.mailed(world, 'east@recipient.example', { attach: files(), home: 'east' });
});
after(() => world?.stop());

function objectOf(message, part) {
  const names = allUnder(world.stack.path('objects')).filter((name) => name.includes(message));
  const name = names.find((each) => path.basename(each) === String(part));
  assert.ok(name, `part ${part} among ${names}`);
  return path.join(world.stack.path('objects'), name);
}

const bytesAt = (message, part) => {
  const file = objectOf(message, part);
  if (!kept.has(file)) kept.set(file, fs.readFileSync(file));
  return kept.get(file);
};
const chunk = (bytes, i) => bytes.subarray(HEAD + i * CHUNK, HEAD + (i + 1) * CHUNK);

const CHANGES = {
  'a flipped bit in a chunk': (b) => attack.flip(b, HEAD + 1000),
  'a flipped bit in the salt': (b) => attack.flip(b, 3),
  'a flipped bit in the commitment': (b) => attack.flip(b, 30),
  'a flipped bit in the last byte': (b) => attack.flip(b, b.length - 1),
  'two chunks swapped': (b) => Buffer.concat([b.subarray(0, HEAD), chunk(b, 1), chunk(b, 0), b.subarray(HEAD + 2 * CHUNK)]),
  'a chunk twice': (b) => Buffer.concat([b.subarray(0, HEAD), chunk(b, 0), chunk(b, 0), b.subarray(HEAD + 2 * CHUNK)]),
  'cut at a chunk': (b) => b.subarray(0, HEAD + CHUNK),
  'cut in a chunk': (b) => b.subarray(0, b.length - 100),
  'something behind it': (b) => Buffer.concat([b, Buffer.alloc(10)]),
  'the other attachment': () => bytesAt(mine.message, 2),
  "another message's attachment": () => bytesAt(other.message, 1),
  "another organisation's attachment": () => bytesAt(east.message, 1),
  "another organisation's header part": () => bytesAt(east.message, 0),
  'the header part': () => bytesAt(mine.message, 0),
  nothing: () => Buffer.alloc(0),
};

let number = 0;
async function opened() {
  const folder = world.path(`saved-${(number += 1)}`);
  const result = await act.open(world, mine.link, { password: attack.PASSWORD, saveTo: folder, exit: null });
  return { code: result.code, files: fs.existsSync(folder) ? fs.readdirSync(folder) : [] };
}

for (const part of [1, 0])
  test(`part ${part}: whatever was done to it, nothing of it is offered`, async () => {
    const file = objectOf(mine.message, part);
    const original = bytesAt(mine.message, part);
    fs.chmodSync(file, 0o600);
    for (const [name, change] of Object.entries(CHANGES)) {
      const changed = change(original);
      if (Buffer.compare(Buffer.from(changed), original) === 0) continue;
      fs.writeFileSync(file, changed);
      const { code, files } = await opened();
      assert.notEqual(code, 0, name);
      assert.ok(!files.includes('a.bin') || part !== 1, `${name}: ${files}`);
      if (part === 0) assert.deepEqual(files, [], name);
    }
    fs.writeFileSync(file, original);
    const { code, files } = await opened();
    assert.deepEqual([code, files.sort()], [0, ['a.bin', 'b.bin']], 'the control');
  });
