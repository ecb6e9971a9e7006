// Structured logs: one id follows a request through gateway, crypto, audit, notifier and retention, also where it waits in a
// table on its way; and no other request has it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld, until } from './support/world.mjs';

let world;
before(async () => (world = await startWorld({ env: { all: { SECURE_MAIL_LOG_LEVEL: 'debug' } } })));
after(() => world?.stop());

const linesOf = (service) => fs.readFileSync(world.stack.path('log', `${service}.log`), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const find = (service, facts) => linesOf(service).filter((line) => Object.entries(facts).every(([name, value]) => line[name] === value));

test('a send is one id from the gateway to the relay', async () => {
  await act.send(world, { to: 'one@recipient.example' });
  await act.linkOf(world, 'one@recipient.example');
  const [{ request }] = await until('crypto to say it', () => find('crypto', { event: 'sealed-call', operation: 'send' }));

  assert.match(request, /^[0-9a-f]{16}$/);
  assert.equal(find('gateway', { event: 'request', request })[0].route, '/api/v1/sealed/{operation}');
  await until('the notifier to say that the relay took it', () => find('notifier', { event: 'mail-accepted', request })[0]);
  for (const kind of ['sent', 'notification-queued', 'notification-accepted'])
    await until(`audit to say ${kind}`, () => find('audit', { event: 'event-logged', request, kind })[0]);
});

test('another request has another id', async () => {
  const link = await act.linkOf(world, 'one@recipient.example');
  const [sent] = find('crypto', { event: 'sealed-call', operation: 'send' });

  await act.open(world, link, { password: 'correct-horse' });

  const [opened] = await until('crypto to say it', () => find('crypto', { event: 'sealed-call', operation: 'verify_open' }));
  assert.notEqual(opened.request, sent.request);
  await until('audit to say it', () => find('audit', { event: 'event-logged', request: opened.request, kind: 'opened' })[0]);
  assert.deepEqual(find('audit', { event: 'event-logged', request: sent.request, kind: 'opened' }), []);
});

test('a deletion is one id from the gateway to retention, and in the log', async () => {
  const { message } = await act.send(world, { to: 'gone@recipient.example' });
  await world.cli('sender', ['delete', message, '--yes']);
  const [{ request }] = await until('crypto to say it', () => find('crypto', { event: 'sealed-call', operation: 'delete' }));

  assert.equal(find('gateway', { event: 'request', request })[0].route, '/api/v1/sealed/{operation}');
  const [purge] = await until('retention to say it', () => find('retention', { event: 'purge-asked', message }));
  assert.deepEqual([purge.request, purge.outcome], [request, 'purged']);
  await until('audit to say it', () => find('audit', { event: 'event-logged', request, kind: 'deleted' })[0]);
});

test('nothing of it stays with a letter that is settled, and no entry of the log has it', async () => {
  const [{ request }] = find('crypto', { event: 'sealed-call', operation: 'send' });
  assert.deepEqual(world.sql('SELECT DISTINCT request FROM outbox.job WHERE state <> 1'), [['0']]);
  const entries = await act.log(world);
  assert.ok(!JSON.stringify(entries).includes(request));
});
