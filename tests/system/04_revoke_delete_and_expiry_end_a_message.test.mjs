// PRODUCT.md S8, S9, R7, T4, T5: revoke kills at once, delete purges every table and the object store,
// expiry does not wait for the job, and whatever ended a link, the answer is the same.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { allUnder } from '../support/walk.mjs';
import * as act from './support/actions.mjs';
import { Road } from './support/road.mjs';
import { BIN, startWorld, until } from './support/world.mjs';

const GONE = 5;
const DAY = 24 * 60 * 60 * 1000;

let world;
before(async () => (world = await startWorld({ env: { retention: { SECURE_MAIL_RETENTION_INTERVAL_S: '3600' } } })));
after(() => world?.stop());

const opensAs = (link, exit) => act.open(world, link, { password: 'correct-horse', exit });

const objectsOf = (message) => allUnder(world.stack.path('objects')).filter((name) => name.includes(message));

// Tables that hold `needle` (an SQL expression: bytes) in whatever column, asked in one statement.
function tablesThatHold(needle) {
  const columns = world.sql(
    `SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns
     WHERE table_schema IN ('vault', 'mail', 'outbox', 'retention') AND data_type IN ('bytea', 'text')`,
  );
  const each = columns.map(([schema, table, column, type]) => {
    const value = type === 'bytea' ? `"${column}"` : `convert_to("${column}", 'UTF8')`;
    return `SELECT '${schema}.${table}' WHERE EXISTS (SELECT FROM "${schema}"."${table}" WHERE position(${needle} in ${value}) > 0)`;
  });
  return world.sql(each.join(' UNION ')).map(([table]) => table);
}

const tablesWith = (message) => tablesThatHold(`'\\x${message}'::bytea`);
const textAnywhere = (text) => tablesThatHold(`'${text}'::bytea`);

test('a revoked link is dead at once, and the row stays in the list', async () => {
  const sent = await act.send(world, { to: 'revoked@recipient.example' });
  const link = await act.linkOf(world, 'revoked@recipient.example');
  await opensAs(link, 0);
  await world.cli('sender', ['revoke', sent.message]);

  await opensAs(link, GONE);
  assert.equal((await act.list(world)).find((each) => each.message === sent.message).status, 'revoked');
});

test('one recipient can be revoked, the other goes on', async () => {
  const sent = await act.send(world, { to: ['out@recipient.example', 'in@recipient.example'] });
  await world.cli('sender', ['revoke', sent.message, '--recipient', 'out@recipient.example']);

  await opensAs(await act.linkOf(world, 'in@recipient.example'), 0);
  const mailed = world.mails.find((mail) => mail.to === 'out@recipient.example');
  if (mailed) await opensAs(mailed.link, GONE);
});

test('a download under way stops when the message is revoked', async (t) => {
  const file = act.makeFile(world, 'large.bin', 50_000_000);
  const sent = await act.send(world, { to: 'under-way@recipient.example', attach: [file] });
  const link = await act.linkOf(world, 'under-way@recipient.example');
  const road = await Road.start(world.stack.url); // sees how far the download is
  t.after(() => road.close());
  const folder = world.path('under-way');
  const child = spawn(path.join(BIN, 'securemail'),
    ['open', link.replace(world.stack.url, road.url), '--password-file', world.file('under-way.password', 'correct-horse'), '--save-to', folder, '--limit-rate', '4000000', '--json'],
    { env: { PATH: process.env.PATH, SECUREMAIL_HOME: world.path('home', 'under-way') }, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await until('the first bytes', () => road.bytes[`/api/v1/messages/${sent.message}/parts/1`] > 0);
  await world.cli('sender', ['revoke', sent.message]);

  assert.notEqual(await ended, 0);
  assert.deepEqual(fs.readdirSync(folder), [], 'nothing is offered that has not verified to its end');
});

test('delete purges rows in every table and the ciphertext; the log keeps the entries', async () => {
  const sent = await act.send(world, { to: 'erased@recipient.example', attach: [act.makeFile(world, 'erase.bin', 200_000)] });
  const link = await act.linkOf(world, 'erased@recipient.example');
  await opensAs(link, 0);
  assert.ok(objectsOf(sent.message).length > 0, 'the search finds what is there');
  assert.ok(textAnywhere('erased@recipient.example').length > 0, 'the search finds what is there');
  await world.cli('sender', ['delete', sent.message, '--yes']);

  await opensAs(link, GONE);
  await until('no object of it', () => objectsOf(sent.message).length === 0);
  await until('no address of it', () => textAnywhere('erased@recipient.example').length === 0);
  const kept = tablesWith(sent.message);
  for (const table of kept) assert.match(table, /vault\.message|vault\.feed|mail\.|retention\./, `${table} may hold the id at most`);
  const kinds = act.kindsOf(await act.log(world), sent.message);
  for (const kind of ['sent', 'opened', 'deleted', 'purged']) assert.ok(kinds.includes(kind), kind);
  assert.equal(kinds.filter((kind) => kind === 'deleted').length, 1);
});

test('expiry is enforced at read time, without the job; the job then purges', async () => {
  const sent = await act.send(world, { to: 'expired@recipient.example', expires: '1d' });
  const link = await act.linkOf(world, 'expired@recipient.example');
  await world.moveClock(DAY + 60_000);

  await opensAs(link, GONE);
  assert.equal((await act.list(world)).find((each) => each.message === sent.message).status, 'expired');
  assert.ok(objectsOf(sent.message).length > 0, 'the job has not run');

  await world.stack.stopService('retention');
  await world.stack.startService('retention', { SECURE_MAIL_RETENTION_INTERVAL_S: '1' });
  await until('no object of it', () => objectsOf(sent.message).length === 0);
  const kinds = await until('purged in the log', async () => {
    const now = act.kindsOf(await act.log(world), sent.message);
    return now.includes('purged') && now;
  });
  assert.equal(kinds.filter((kind) => kind === 'expired').length, 1);
  assert.equal(kinds.filter((kind) => kind === 'purged').length, 1);
});

test('unknown, expired, revoked and deleted links get the same answer', async () => {
  const answers = [];
  for (const link of [
    world.mails.find((mail) => mail.to === 'expired@recipient.example').link,
    world.mails.find((mail) => mail.to === 'revoked@recipient.example').link,
    world.mails.find((mail) => mail.to === 'erased@recipient.example').link,
    world.mails.find((mail) => mail.to === 'revoked@recipient.example').link.replace(/#1\.[0-9a-f]{32}/, `#1.${'ab'.repeat(16)}`),
  ]) {
    const { stdout, stderr, code } = await opensAs(link, GONE);
    answers.push(JSON.stringify({ stdout, stderr, code }));
  }
  assert.equal(new Set(answers).size, 1, answers.join('\n'));
});
