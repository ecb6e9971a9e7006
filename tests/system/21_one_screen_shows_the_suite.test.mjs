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

/** The screen on which all these rows stand together. */
async function untilShown(rows) {
  let text = '';
  const isThere = ([service, row]) => row.test(rowOf(text, service));
  await until('all rows', async () => ((text = await screen()), Object.entries(rows).every(isThere)))
    .catch(({ message }) => assert.fail(`${message}:\n${text}`));
  return text;
}

test('all services are there and ready, with what waits, the release and the signing key', async () => {
  await act.send(world, { to: 'one@recipient.example' });
  await act.linkOf(world, 'one@recipient.example');
  const found = await until('all to be ready', async () => status().then((shown) => (shown.is_well ? shown : null)));
  const signing = fs.readFileSync(world.stack.path('keys', 'audit-sign.pub'), 'utf8').slice(0, 16);
  const rows = {
    crypto: /ready .*events to log: 0, letters to hand over: 0/,
    notifier: /mail waiting: 0/,
    audit: new RegExp(`logs: 1, entries: \\d+, signing key ${signing}`),
  };
  // What a process says of itself is a few seconds old, and each says it at a moment of its own.
  const text = await untilShown(rows);

  assert.deepEqual(found.reports.map((each) => each.service).sort(), SERVICES);
  assert.ok(found.reports.every((each) => each.release === JSON.parse(fs.readFileSync('package.json')).version));
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
