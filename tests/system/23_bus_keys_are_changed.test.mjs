// The keys with which the services speak to each other are changed, one peer's and then all: what was sent is
// there, everything goes on, and the old keys open no door any more.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { SERVICES } from '../../dev/stack.mjs';
import * as act from './support/actions.mjs';
import { BIN, startWorld } from './support/world.mjs';

const PEERS = [...SERVICES, 'operator'];
const PASSWORD = 'correct-horse';

let world;
let old;
before(async () => {
  world = await startWorld();
  await act.send(world, { to: 'before@recipient.example', password: PASSWORD });
  old = world.path('old-keys');
  fs.cpSync(world.stack.path('keys'), old, { recursive: true });
});
after(() => world?.stop());

const key = (name) => fs.readFileSync(world.stack.path('keys', name), 'utf8');

// With everything stopped (25 is the way without): the halves go, what is missing is made, all start again.
async function change(peers) {
  for (const service of [...SERVICES].reverse()) await world.stack.stopService(service);
  for (const peer of peers) for (const half of ['pub', 'key']) fs.rmSync(world.stack.path('keys', `${peer}.${half}`));
  execFileSync(path.join(BIN, 'securemail-keys'), [world.stack.path('keys')]);
  for (const service of SERVICES) await world.stack.startService(service);
}

async function allIsWell(address) {
  await act.open(world, await act.linkOf(world, 'before@recipient.example'), { password: PASSWORD });
  await act.send(world, { to: address, password: PASSWORD });
  await act.open(world, await act.linkOf(world, address), { password: PASSWORD, home: address });
}

test('one service gets another key, and the others know it', async () => {
  const others = PEERS.filter((peer) => peer !== 'notifier').map((peer) => key(`${peer}.pub`));
  const before = key('notifier.pub');
  await change(['notifier']);
  assert.notEqual(key('notifier.pub'), before);
  assert.deepEqual(PEERS.filter((peer) => peer !== 'notifier').map((peer) => key(`${peer}.pub`)), others);
  await allIsWell('one@recipient.example');
});

test('all get another key; the key that letters are sealed to stays', async () => {
  const letter = key('notifier-letter.pub');
  await change(PEERS);
  assert.equal(key('notifier-letter.pub'), letter);
  await allIsWell('all@recipient.example');
});

test('the operator\'s old key opens nothing any more', async () => {
  const args = ['org', 'list', '--json', '--socket', world.stack.operatorEndpoint()];
  const refused = await world.run('securemail-admin', [...args, '--keys', old], { code: null });
  assert.notEqual(refused.code, 0);
  await world.run('securemail-admin', [...args, '--keys', world.stack.path('keys')]);
});

test('the log tells of nothing but what people did', async () => {
  const file = await act.exportLog(world);
  await world.run('securemail-verify', [file]);
});
