// The keys with which the services speak to each other are changed one process after the other, as docs/runbook.md has
// it: who sends, opens or operates meanwhile goes on, nobody is taken for a stranger, and at the end the old keys open no door.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { SERVICES } from '../../dev/stack.mjs';
import * as act from './support/actions.mjs';
import { BIN, startWorld, until } from './support/world.mjs';

const PEERS = [...SERVICES, 'operator'];
const PASSWORD = 'correct-horse';
const ASK_MS = 60_000;
const said = (counts) => Object.entries(counts).map(([name, count]) => `${name} ${count}`).join(', ');

let world;
let old;
before(async () => {
  world = await startWorld({ replicas: { gateway: 2, crypto: 2, notifier: 2, retention: 2, audit: 2 } });
  old = world.path('old-keys');
  fs.cpSync(world.stack.path('keys'), old, { recursive: true });
});
after(() => world?.stop());

const key = (name) => fs.readFileSync(world.stack.path('keys', name), 'utf8');
const step = (name, peers) => execFileSync(path.join(BIN, 'securemail-keys'), [world.stack.path('keys'), name, ...peers]);

// One process after the other, each only when the one before is ready.
async function roll(kinds) {
  for (const name of kinds.flatMap((kind) => world.stack.ofKind(kind))) {
    await world.stack.stopService(name);
    await world.stack.startService(name);
  }
}

// A person at work until `isOver`, who asks again when told that it is not possible just now, as a restart is told.
const done = { sent: 0, opened: 0, listed: 0 };
const words = {};
async function ask(what, act) {
  await until(what, async () => {
    const { code, json, stderr } = await act();
    if (code === 0) return (done[what] += 1);
    const word = json?.error ?? stderr;
    words[word] = (words[word] ?? 0) + 1;
    return false;
  }, ASK_MS);
}

async function work(isOver) {
  const operators = world.stack.ofKind('crypto').map((name) => world.stack.operatorEndpoint(name)).join();
  for (let i = 0; !isOver(); i++) {
    const to = `r${i}@recipient.example`;
    await ask('sent', () => act.send(world, { to, password: PASSWORD, code: null }));
    const link = await world.linkFor(to);
    await ask('opened', () => act.open(world, link, { password: PASSWORD, home: to, exit: null }));
    await ask('listed', () => world.run('securemail-admin', ['org', 'list', '--json', '--socket', operators, '--keys', world.stack.path('keys')], { code: null }));
  }
}

// What a service said of keys that it did not know; its own proof at a start is one, for each place where it listens.
const strangersAt = (name) => world.stack.logSince(name).split('"bus-stranger-refused"').length - 1;
const startsOf = (name) => world.stack.logSince(name).split('"event":"ready"').length - 1;
const placesOf = (name) => (name.startsWith('crypto') ? 2 : 1);

test('every key changes while people work: each goes on, and none of us is a stranger', async (t) => {
  const before = PEERS.map((peer) => key(`${peer}.pub`));
  let isOver = false;
  const person = work(() => isOver);

  step('next', PEERS);
  await roll(SERVICES);
  step('use', PEERS);
  await roll(SERVICES);
  step('drop', PEERS);
  await roll(SERVICES);

  isOver = true;
  await person;
  t.diagnostic(`meanwhile: ${said(done)}; told to ask again: ${said(words) || 'nobody'}`);
  assert.deepEqual(Object.keys(words).filter((word) => !['unavailable', 'busy', 'not-active', 'timeout'].includes(word)), []);
  for (const [what, count] of Object.entries(done)) assert.ok(count > 0, what);
  for (const name of world.stack.processes.filter((each) => !each.startsWith('gateway')))
    assert.equal(strangersAt(name), startsOf(name) * placesOf(name), name);
  PEERS.forEach((peer, i) => assert.notEqual(key(`${peer}.pub`), before[i], peer));
});

test('the old key of nobody opens anything any more', async () => {
  const args = ['org', 'list', '--json', '--socket', world.stack.operatorEndpoint()];
  const refused = await world.run('securemail-admin', [...args, '--keys', old], { code: null });
  assert.notEqual(refused.code, 0);
  await world.run('securemail-admin', [...args, '--keys', world.stack.path('keys')]);
});

test('the log tells of nothing but what people did', async () => {
  await world.run('securemail-verify', [await act.exportLog(world)]);
});
