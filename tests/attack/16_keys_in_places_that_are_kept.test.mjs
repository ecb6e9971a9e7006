// SECURITY.md 7, the next five: the master key in a core file, /proc, logs; a wrong master key at start.
// (Memory of every process, tables, mail, bus: tests/system/02.)

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { after, before, test } from 'node:test';

import { allUnder } from '../support/walk.mjs';
import * as act from '../system/support/actions.mjs';
import { environHolds, folderHolds, formsOf, isMemoryReadable } from '../system/support/canary.mjs';
import { keyEncryptionKey, masterKey, messageKeys } from '../system/support/vault.mjs';
import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';

// Every service starts where core files are wanted; crypto, and what it is compared with, without the privilege to
// look into others (as root: with nothing but files). exec: the process that is started is the service.
const isRoot = process.getuid() === 0;
const WANTS_CORES = ['sh', '-c', 'ulimit -c unlimited 2>/dev/null; exec "$@"', 'sh'];
const UNPRIVILEGED = isRoot ? ['setpriv', '--bounding-set=-all,+dac_override', '--inh-caps=-all'] : [];
const enter = (service) => [...WANTS_CORES, ...(service === 'crypto' ? UNPRIVILEGED : [])];

let world;
let link;
const others = []; // processes that have none of our protection: what shows that a test can fail
before(async () => {
  world = await startWorld({ net: { addressOf: () => '127.0.0.1', enter } });
  ({ link } = await attack.mailed(world, 'kept@recipient.example'));
});
after(() => {
  for (const each of others) each.kill();
  return world?.stop();
});

async function anyProcess(env = {}) {
  const [program, ...args] = [...enter('crypto'), 'sleep', '600'];
  const child = spawn(program, args, { stdio: 'ignore', env: { PATH: process.env.PATH, ...env } });
  others.push(child);
  while (fs.readFileSync(`/proc/${child.pid}/comm`, 'utf8') !== 'sleep\n') await sleep(20);
  return child.pid;
}

const pidOf = (service) => world.stack.running.get(service).process.pid;
const keys = () => [masterKey(world), keyEncryptionKey(world), ...messageKeys(world)].flatMap(formsOf);

const coreLimits = (pid) => fs.readFileSync(`/proc/${pid}/limits`, 'utf8').match(/Max core file size\s+(\S+)\s+(\S+)/).slice(1);
const coresIn = (folder) => allUnder(folder).filter((name) => /(^|\/)core(\.|$)/.test(name));

// Where sudo started the tests, it has taken that from all of them.
const NO_CORES = 'no process may leave a core file here';
const mayLeaveCores = async () => coreLimits(await anyProcess())[1] !== '0';

test('a process that crashes leaves no core file, even where the system asks for one', async (t) => {
  if (!(await mayLeaveCores())) return t.skip(NO_CORES);
  for (const service of ['crypto', 'gateway']) {
    assert.deepEqual(coreLimits(pidOf(service)), ['0', '0'], `${service}: neither now nor later`);
    process.kill(pidOf(service), 'SIGABRT');
    assert.equal((await world.stack.exitOf(service)).signal, 'SIGABRT');
    assert.deepEqual(coresIn(world.folder), []);
    await world.stack.startService(service);
  }
  await act.open(world, link, { password: attack.PASSWORD });
});

test('the control: another process leaves one', async (t) => {
  if (!(await mayLeaveCores())) return t.skip(NO_CORES);
  if (!/^core/.test(fs.readFileSync('/proc/sys/kernel/core_pattern', 'utf8'))) return t.skip('core files do not lie beside the process here');
  const folder = world.path('crashed');
  fs.mkdirSync(folder);
  const [program, ...args] = [...WANTS_CORES, 'sh', '-c', 'kill -ABRT $$'];
  assert.equal(spawnSync(program, args, { cwd: folder }).signal, 'SIGABRT');
  assert.equal(coresIn(world.folder).length, 1);
  fs.rmSync(folder, { recursive: true });
});

test('no key stands in an environment or a log', (t) => {
  if (!isMemoryReadable(pidOf('crypto'))) return t.skip('the processes cannot be read here');
  for (const service of world.stack.running.keys()) assert.ok(!environHolds(pidOf(service), keys()), service);
  assert.ok(!folderHolds(world.stack.path('log'), keys()));
});

test('a master key that was given in an environment stands there no more, nor with a service that has no use for it', async (t) => {
  if (!isMemoryReadable(pidOf('crypto'))) return t.skip('the processes cannot be read here');
  const env = { SECURE_MAIL_MASTER_KEY: masterKey(world).toString('base64'), SECURE_MAIL_MASTER_KEY_FILE: undefined };
  const forms = formsOf(masterKey(world));
  assert.ok(environHolds(await anyProcess(env), forms), 'the control: that is where it would be');
  for (const service of ['crypto', 'gateway']) {
    await world.stack.stopService(service);
    await world.stack.startService(service, env);
    assert.ok(environHolds(pidOf(service), formsOf('SECURE_MAIL_KEYS_DIR')), `${service}: the rest of its environment is read`);
    assert.ok(!environHolds(pidOf(service), forms), service);
    assert.ok(!folderHolds(world.stack.path('log'), forms));
  }
  await act.open(world, link, { password: attack.PASSWORD });
});

// Where the kernel lets nobody attach to what is not his child, a refusal of "mem" says nothing about crypto.
const YAMA = '/proc/sys/kernel/yama/ptrace_scope';
const isMemTold = !fs.existsSync(YAMA) || fs.readFileSync(YAMA, 'utf8').trim() === '0';

test('who has the user of crypto, and no privilege, reads nothing of it in /proc', async () => {
  const other = await anyProcess();
  const owner = (pid) => fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(/^(Uid|CapPrm):.*$/gm);
  assert.deepEqual(owner(other), owner(pidOf('crypto')), 'they differ in nothing but what crypto forbids');
  const opens = (pid, file) => {
    const [program, ...args] = [...UNPRIVILEGED, 'sh', '-c', 'exec < "$0"', `/proc/${pid}/${file}`];
    return spawnSync(program, args).status === 0;
  };
  for (const file of ['environ', 'maps', ...(isMemTold ? ['mem'] : [])]) {
    assert.ok(opens(other, file), `the control: ${file} of another process`);
    assert.ok(!opens(pidOf('crypto'), file), file);
  }
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
