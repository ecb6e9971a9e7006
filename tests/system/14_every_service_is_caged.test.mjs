// Each service has given up what it does not need once it serves, in every thread, and says of each part
// whether the kernel has it. Inside, it finds its peers, its database and its relay again, by number and by
// name, and does a whole message's work.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { SERVICES, freePorts } from '../../dev/stack.mjs';
import * as act from './support/actions.mjs';
import { startWorld, until } from './support/world.mjs';

const FILTERS = 2; // one before the first thread, a narrower one before it serves
const HEAP_KIB = 256; // of OpenSSL's private keys: lib/envelope/key_heap.c
const PARTS = ['calls', 'files', 'ports'];

let world;
let road;
before(async () => (world = await startWorld()));
after(async () => {
  road?.close();
  await world?.stop();
});

// --- what the kernel says of a process ---------------------------------------------------------------

const facts = (file) => Object.fromEntries(
  fs.readFileSync(file, 'utf8').trim().split('\n').map((line) => line.split(/:\s*/, 2)));

function statesOf(service) {
  const { pid } = world.stack.running.get(service).process;
  return fs.readdirSync(`/proc/${pid}/task`).map((thread) => facts(`/proc/${pid}/task/${thread}/status`));
}

// What the service said about the cage since it was started last.
function saidOf(service) {
  const lines = world.stack.logSince(service).split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  const start = lines.findLastIndex((line) => line.part === PARTS[1]);
  return lines.slice(start).filter((line) => line.part);
}

// Kernels before 5.9 do not count them. A container that tests run in has filters of its own.
const filtersOf = (state) => Number(state.Seccomp_filters ?? NaN);

function assertCaged(service) {
  const states = statesOf(service);
  assert.ok(states.length > 2, 'it has threads');
  for (const state of states) {
    assert.equal(state.NoNewPrivs, '1', `${service}: no new privileges`);
    assert.equal(state.Seccomp, '2', `${service}: a filter`);
    assert.equal(filtersOf(state), filtersOf(facts('/proc/self/status')) + FILTERS, `${service}: both filters`);
  }
  const said = saidOf(service);
  assert.deepEqual(said.map((line) => line.part).sort(), PARTS, `${service}: each part is told`);
  for (const line of said)
    assert.ok(line.event === 'caged' || (line.event === 'cage-incomplete' && line.cause && line.consequence), JSON.stringify(line));
  assert.equal(said.find((line) => line.part === 'calls').event, 'caged');
}

function limitOf(service, name) {
  const { pid } = world.stack.running.get(service).process;
  const line = fs.readFileSync(`/proc/${pid}/limits`, 'utf8').split('\n').find((each) => each.startsWith(name));
  return line.slice(name.length).trim().split(/\s+/)[1];
}

// --- a whole message's work --------------------------------------------------------------------------

let count = 0;
async function aMessageArrives() {
  const address = `recipient-${(count += 1)}@recipient.example`;
  const file = act.makeFile(world, `scan-${count}.pdf`, 100_000);
  const sent = await until('a send that works', async () => {
    const tried = await act.send(world, { to: address, check: 'code', attach: [file], code: null });
    return tried.code === 0 && tried;
  });
  const link = await act.linkOf(world, address);
  await until('a code that goes out', async () => (await act.sendCode(world, link, { exit: null })).code === 0);
  const folder = world.path(`got-${count}`);
  await act.open(world, link, { code: await world.codeFor(address), saveTo: folder });
  assert.equal(act.sha256(`${folder}/${file.split('/').at(-1)}`), act.sha256(file));
  const statusOf = async () => (await act.list(world)).find((each) => each.message === sent.message)?.status;
  await until('opened', async () => (await statusOf()) === 'opened');
  await world.cli('sender', ['delete', sent.message, '--yes']);
  await until('purged', async () => act.kindsOf(await act.log(world), sent.message).includes('purged'));
}

// --- the promise -------------------------------------------------------------------------------------

test('every thread of every service has given up what it does not need', () => {
  for (const service of SERVICES) assertCaged(service);
});

test('no service leaves a core dump, and all but the gateway have few files', () => {
  for (const service of SERVICES) {
    assert.equal(limitOf(service, 'Max core file size'), '0');
    if (service !== 'gateway') assert.ok(Number(limitOf(service, 'Max open files')) <= 1024, service);
  }
});

test('private keys and secrets are in locked memory, or the log says that the limit is too small', () => {
  for (const service of SERVICES) {
    const { pid } = world.stack.running.get(service).process;
    const lockedKib = Number.parseInt(facts(`/proc/${pid}/status`).VmLck, 10);
    const isTold = world.stack.logSince(service).includes('"event":"secret-not-locked"');
    assert.ok(lockedKib >= HEAP_KIB || isTold, `${service}: ${lockedKib} KiB`);
    if (process.getuid() === 0) assert.ok(!isTold, `${service}: root may lock what it will`);
  }
});

test('a message is sent, opened and deleted inside', aMessageArrives);

test('database, peers and relay are found again after they were away', async () => {
  await world.stack.cluster.stop();
  await world.stack.cluster.start();
  for (const service of ['audit', 'notifier', 'crypto', 'retention']) {
    await world.stack.stopService(service);
    await world.stack.startService(service);
  }
  world.stack.smtp.behave('drop');
  const late = await act.send(world, { to: 'late@recipient.example' });
  await until('an attempt', () => world.stack.smtp.attempts > 0);
  world.stack.smtp.behave('accept');
  await until('the mail', () => world.mails.some((mail) => mail.to === 'late@recipient.example'), 60_000);
  assert.ok(late.message);
  await aMessageArrives();
});

// PostgreSQL by TCP, as a deployment has it: what comes to the port goes on to the cluster's socket.
async function openRoad() {
  const [port] = await freePorts(1);
  const cars = new Set();
  const server = net.createServer((car) => {
    const onward = net.connect(`${world.stack.cluster.socket}/.s.PGSQL.5432`);
    for (const end of [car, onward]) {
      end.on('error', () => {});
      end.on('close', () => [car, onward].forEach((each) => each.destroy())); // PostgreSQL sees it too, and gives locks free
    }
    car.pipe(onward).pipe(car);
    cars.add(car.on('close', () => cars.delete(car)));
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const block = () => cars.forEach((car) => car.destroy());
  return { port, block, close: () => { block(); server.close(); } };
}

test('by names and over TCP, as in containers, all of it works too, and again after it broke', async () => {
  road = await openRoad();
  const byName = (text) => text.replaceAll('127.0.0.1', 'localhost');
  for (const service of [...SERVICES].reverse()) await world.stack.stopService(service);
  for (const service of SERVICES) {
    const peers = Object.entries(world.stack.environment(service))
      .filter(([name]) => /^SECURE_MAIL_(CRYPTO|NOTIFIER|RETENTION|AUDIT|SMTP_URL)$/.test(name))
      .map(([name, value]) => [name, byName(value)]);
    await world.stack.startService(service, {
      ...Object.fromEntries(peers),
      SECURE_MAIL_DATABASE: `host=localhost port=${road.port} user=sm_${service} dbname=securemail`,
    });
    assertCaged(service);
  }
  await aMessageArrives();

  road.block();
  await world.stack.stopService('notifier');
  await world.stack.startService('notifier');
  await aMessageArrives();
});

test('where the cage is required, a service has all of it or does not serve', async () => {
  const hasAll = saidOf('crypto').every((line) => line.event === 'caged');
  await world.stack.stopService('crypto');
  const start = world.stack.startService('crypto', { SECURE_MAIL_CAGE: 'required' });
  if (hasAll) {
    await start;
    return assertCaged('crypto');
  }
  await assert.rejects(start, /stopped at once/);
  return world.stack.startService('crypto');
});
