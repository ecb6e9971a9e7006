// SECURITY.md 7, attack 3: without a key of ours, or with a wrong one, nobody gets onto the bus; and a
// service whose ZAP handler dies does not go on serving (tests/unit/bus/test_lost_zap.c kills it from inside).

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { encode } from '@msgpack/msgpack';

import * as act from '../system/support/actions.mjs';
import { startWorld, until } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';
import { OPERATIONS, startMouth } from './support/mouth.mjs';

const SERVICES = ['audit', 'notifier', 'crypto', 'retention'];

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

for (const identity of ['stranger', 'keyless'])
  test(`a ${identity} client is refused by every service, before it can say a word`, async () => {
    const intruder = startMouth(world, identity);
    for (const service of SERVICES) {
      const log = attack.listen(world, service);
      assert.notEqual(await intruder.knock(service), 'accepted', service);
      const { outcome } = await intruder.ask(service, 'PING');
      assert.equal(outcome, 'unavailable', `${service}: there is nobody to say it to`);
      if (identity === 'stranger') await log.logged({ event: 'bus-stranger-refused' });
    }
    await intruder.stop();
    const gateway = startMouth(world);
    for (const service of SERVICES) assert.equal(await gateway.knock(service), 'accepted', `the control: ${service} lets in who has a key`);
    await gateway.stop();
  });

const header = ({ version = 1, kind = 0, operation = OPERATIONS.PING, zero = 0, deadline = Date.now() + 10_000 } = {}) => {
  const bytes = Buffer.alloc(56);
  bytes.writeUInt8(version, 0);
  bytes.writeUInt8(kind, 1);
  bytes.writeUInt16BE(operation, 2);
  bytes.writeUInt16BE(zero, 6);
  crypto.getRandomValues(bytes.subarray(8, 24));
  bytes.writeBigUInt64BE(BigInt(deadline), 40);
  return bytes;
};

test('a key of ours does not make an unreadable message readable', async () => {
  const gateway = startMouth(world);
  const nothing = encode({});
  const log = attack.listen(world, 'crypto');
  const said = {
    'no frame but one': [header()],
    'three frames': [header(), nothing, nothing],
    'a short header': [header().subarray(0, 55), nothing],
    'a long header': [Buffer.concat([header(), Buffer.alloc(1)]), nothing],
    'another version': [header({ version: 2 }), nothing],
    'a reply': [header({ kind: 1, operation: OPERATIONS.PING + 1 }), nothing],
    'an odd request': [header({ operation: OPERATIONS.PING + 1 }), nothing],
    'bytes where zero must be': [header({ zero: 1 }), nothing],
  };
  for (const [name, frames] of Object.entries(said)) assert.equal((await gateway.say('crypto', ...frames)).outcome, 'silence', name);
  await log.logged({ event: 'bus-message-dropped', peer: 'gateway' });
  assert.equal((await gateway.say('crypto', header({ deadline: 1 }), nothing)).outcome, 'timeout', 'late is said');
  assert.equal((await gateway.say('crypto', header(), nothing)).outcome, 'ok', 'the control');
  await gateway.stop();
});

test('bytes that are no ZeroMQ at all bother nobody', async () => {
  const { port } = new URL(world.stack.bus('crypto').replace('tcp:', 'http:'));
  for (const bytes of ['GET / HTTP/1.1\r\n\r\n', Buffer.alloc(100_000, 0xff), Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f])])
    await new Promise((resolve) => {
      const socket = net.connect(Number(port), '127.0.0.1', () => socket.end(bytes));
      socket.on('error', () => {}).on('close', resolve).resume();
      setTimeout(() => socket.destroy(), 3000);
    });
  const { link } = await attack.mailed(world, 'still@recipient.example');
  await act.open(world, link, { password: attack.PASSWORD });
});

test('a service that finds the wrong key in its folder does not serve', async () => {
  await world.stack.stopService('retention');
  const file = world.stack.path('keys', 'retention.key');
  const kept = fs.readFileSync(file);
  try {
    fs.writeFileSync(file, fs.readFileSync(path.join(path.dirname(file), 'gateway.key')));
    const log = attack.listen(world, 'retention');
    await assert.rejects(world.stack.startService('retention'));
    await until('a reason', () => log.lines().some((line) => line.level === 'error'));
  } finally {
    fs.writeFileSync(file, kept);
    await world.stack.stopService('retention').catch(() => {});
    await world.stack.startService('retention');
  }
});
