// SECURITY.md 7, the next five: the master key in a core file, /proc, logs; a wrong master key at start.
// (Memory of every process, tables, mail, bus: tests/system/02.)

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { environHolds, folderHolds, formsOf, isMemoryReadable } from '../system/support/canary.mjs';
import { keyEncryptionKey, masterKey, messageKeys } from '../system/support/vault.mjs';
import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

let world;
let link;
before(async () => {
  world = await startWorld();
  ({ link } = await attack.mailed(world, 'kept@recipient.example'));
});
after(() => world?.stop());

const pidOf = (service) => world.stack.running.get(service).process.pid;
const keys = () => [masterKey(world), keyEncryptionKey(world), ...messageKeys(world)].flatMap(formsOf);

test('a process that crashes leaves no core file, even where the system asks for one', async () => {
  for (const service of ['crypto', 'gateway']) {
    const limit = fs.readFileSync(`/proc/${pidOf(service)}/limits`, 'utf8').match(/Max core file size\s+(\d+)/)?.[1];
    assert.equal(limit, '0', service);
    process.kill(pidOf(service), 'SIGABRT');
    await world.stack.exitOf(service);
    assert.deepEqual(fs.readdirSync(world.folder, { recursive: true }).filter((name) => /(^|\/)core(\.|$)/.test(String(name))), []);
    await world.stack.startService(service);
  }
  await act.open(world, link, { password: attack.PASSWORD });
});

test('no key stands in an environment or a log', (t) => {
  if (!isMemoryReadable(pidOf('crypto'))) return t.skip('the processes cannot be read here');
  for (const service of world.stack.running.keys()) assert.ok(!environHolds(pidOf(service), keys()), service);
  assert.ok(!folderHolds(world.stack.path('log'), keys()));
});

test('another user of this machine reads nothing of crypto in /proc', (t) => {
  if (process.getuid() !== 0) return t.skip('it takes root to become another user');
  const read = (file) => execFileSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'cat', `/proc/${pidOf('crypto')}/${file}`], { stdio: 'pipe' });
  for (const file of ['environ', 'maps', 'mem']) assert.throws(() => read(file), file);
});

test('a wrong master key stops crypto with a clear word, and the right one opens what was', async () => {
  const file = world.stack.path('master.key');
  const right = fs.readFileSync(file);
  await world.stack.stopService('crypto');
  for (const [name, wrong] of Object.entries({ another: Buffer.alloc(32, 7).map((_, i) => i * 7).toString('base64'), 'too short': 'c2hvcnQ=', 'all alike': Buffer.alloc(32).toString('base64'), empty: '' })) {
    fs.writeFileSync(file, `${wrong}\n`);
    await assert.rejects(world.stack.startService('crypto'), /stopped at once/, name);
    assert.ok(!world.stack.logSince('crypto').includes(wrong || 'impossible'), `${name}: the key is not in the log`);
  }
  fs.writeFileSync(file, right);
  await world.stack.startService('crypto');
  await act.open(world, link, { password: attack.PASSWORD });
});
