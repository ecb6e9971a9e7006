// docs/runbook.md, "Is it well?": securemail-admin status shows every service, what waits, and which keys there are;
// and it says so when something is not well.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld, until } from './support/world.mjs';

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const SERVICES = ['audit', 'crypto', 'gateway', 'notifier', 'retention'];
const status = async () => (await world.admin(['status'])).json;
const screen = async () => (await world.run('securemail-admin', ['status', '--socket', world.stack.operatorEndpoint(), '--keys', world.stack.path('keys')])).stdout;
const rowOf = (text, service) => text.split('\n').find((line) => line.startsWith(service));

test('all services are there and ready, with what waits, the release and the signing key', async () => {
  await act.send(world, { to: 'one@recipient.example' });
  await act.linkOf(world, 'one@recipient.example');
  const found = await until('all to be ready', async () => ((await status()).is_well ? status() : null));
  // What a process says of itself is a few seconds old.
  const text = await until('audit to have told of the log', async () => screen().then((shown) => (/logs: 1/.test(shown) ? shown : null)));

  assert.deepEqual(found.reports.map((each) => each.service).sort(), SERVICES);
  assert.ok(found.reports.every((each) => each.release === JSON.parse(fs.readFileSync('package.json')).version));
  assert.match(rowOf(text, 'crypto'), /ready .*events to log: 0, letters to hand over: 0/);
  assert.match(rowOf(text, 'notifier'), /mail waiting: 0/);
  const signing = fs.readFileSync(world.stack.path('keys', 'audit-sign.pub'), 'utf8').slice(0, 16);
  assert.match(rowOf(text, 'audit'), new RegExp(`logs: 1, entries: \\d+, signing key ${signing}`));
  assert.match(text, /Keys, newest versions: .*identity 1.*master 1/);
  assert.ok(!text.includes('Restored'));
});

test('what is not there is named, and who cannot do without it', async () => {
  await world.stack.stopService('audit');

  await until('crypto to say why', async () => /because audit does not answer/.test(await screen()));

  assert.match(await screen(), /No audit is ready: see docs\/runbook.md/);
  assert.equal((await status()).is_well, false);
  await world.stack.startService('audit');
  await until('all to be ready again', async () => (await status()).is_well);
});
