// SECURITY.md 7, attack 2: a gateway that was taken over serves other scripts. No test can make that
// impossible: docs/threat-model.md says so. What can be shown: anybody who has the build's list sees it, and
// who changes the files beneath a gateway changes nothing that it serves.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { TOP } from '../../dev/stack.mjs';
import { startWorld } from '../system/support/world.mjs';

let world;
let folder;
before(async () => {
  folder = fs.mkdtempSync(path.join('/tmp', 'secure-mail-pages-'));
  fs.cpSync(path.join(TOP, 'build', 'web'), folder, { recursive: true });
  world = await startWorld({ env: { gateway: { SECURE_MAIL_PAGES_DIR: folder } } });
});
after(async () => {
  await world?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const list = () => JSON.parse(fs.readFileSync(path.join(TOP, 'build', 'web', 'files.json'), 'utf8')).files;

/** The paths of the build's list where something else is served. */
async function different() {
  const found = [];
  for (const each of list()) {
    const answer = await fetch(world.stack.url + each.path, { headers: { 'Accept-Encoding': 'identity' } });
    if (answer.status !== 200 || sha256(Buffer.from(await answer.arrayBuffer())) !== each.sha256) found.push(each.path);
  }
  return found;
}

const script = () => list().find(({ path: name }) => name.endsWith('.js'));

test('what is served is what was built', async () => {
  assert.ok(script(), 'the list names scripts');
  assert.deepEqual(await different(), []);
});

test('a file that is changed while the gateway runs is not served', async () => {
  fs.appendFileSync(path.join(folder, script().file), '\nfetch("https://evil.example")');
  assert.deepEqual(await different(), []);
});

test('a gateway that starts with changed files either refuses or is found out by the list', async (t) => {
  await world.stack.stopService('gateway');
  const started = await world.stack.startService('gateway').then(() => true, () => false);
  t.diagnostic(started ? 'the gateway started, and the list found it out' : 'the gateway did not start');
  if (started) assert.deepEqual(await different(), [script().path]);
  fs.cpSync(path.join(TOP, 'build', 'web'), folder, { recursive: true });
  await world.stack.stopService('gateway').catch(() => {});
  await world.stack.startService('gateway');
  assert.deepEqual(await different(), [], 'the control');
});
