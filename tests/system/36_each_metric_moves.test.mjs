// docs/metrics.md: each metric shows what it says it does. What moves it is brought about in a real suite, and its
// value is seen at the admin port of every service that has it: with the cause, and again without.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { SERVICES } from '../../dev/stack.mjs';
import { newId, startMouth } from '../attack/support/mouth.mjs';
import * as act from './support/actions.mjs';
import { request } from './support/http.mjs';
import { metricsOf } from './support/metrics.mjs';
import { ObjectServer } from './support/object-server.mjs';
import * as pages from './support/pages.mjs';
import { startWorld, until } from './support/world.mjs';

const ALL = 'gateway crypto notifier retention audit';
const SERVERS = 'crypto notifier retention audit';
const REPORTERS = 'crypto notifier retention'; // who has an outbox
const AGE_S = 120; // how old what waits is made
const MANY = 20; // more than a gateway has workers
const WAITING = 1; // of a mail job

const GATEWAY = { id: 'GATEWAYKEY', secret: 'a-secret-of-the-gateway' };
const RETENTION = { id: 'RETENTIONKEY', secret: 'a-secret-of-retention' };

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-store-'));
const bare = []; // what stands before a service's program
let store;
let world;
before(async () => {
  store = await ObjectServer.start({ folder, bucket: 'secure-mail', keys: [GATEWAY, RETENTION] });
  world = await startWorld({
    hasMetrics: true,
    net: { addressOf: () => '127.0.0.1', enter: () => bare },
    env: {
      gateway: store.settings(GATEWAY),
      // A hash that takes long enough to be seen, and no room for a third.
      crypto: { SECURE_MAIL_ARGON2_PASSES: '8', SECURE_MAIL_ARGON2_WORKERS: '1', SECURE_MAIL_ARGON2_QUEUE: '1' },
      retention: { ...store.settings(RETENTION), SECURE_MAIL_RETENTION_INTERVAL_S: '1' },
    },
  });
});
after(async () => {
  await world?.stop();
  await store?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

// --- what a value is expected to be ----------------------------------------------------------------------

// now; was: before the cause; then: while it lasted.
const is = (n) => Object.assign(({ now }) => now === n, { says: `is ${n}` });
const atLeast = (n) => Object.assign(({ now }) => now >= n, { says: `is ${n} or more` });
const grew = (by = 1) => Object.assign(({ now, was }) => now >= was + by, { says: `grew by ${by} or more` });
const fell = Object.assign(({ now, was }) => now < was, { says: 'fell' });
const rose = Object.assign(({ now, then }) => now > then, { says: 'rose again' });
const asBefore = Object.assign(({ now, was }) => now === was, { says: 'is what it was' });
// By as many seconds as `held` says, or more: what was in hand has been so at least as long.
const grewBy = (held) => Object.assign(({ now, was }) => now > was && now - was >= held.seconds, { says: 'grew by the time that it was held' });

// --- the suite's parts, in hand ----------------------------------------------------------------------------

const signal = (service, name) => process.kill(world.stack.running.get(service).process.pid, name);
const pause = (service) => signal(service, 'SIGSTOP');
const goOn = (service) => signal(service, 'SIGCONT');

let counter = 0;
const newAddress = () => `m${(counter += 1)}@recipient.example`;

async function send(options = {}) {
  const address = newAddress();
  return { address, ...(await act.send(world, { to: address, check: 'code', ...options })) };
}

async function sendAndArrive() {
  const sent = await send();
  await act.linkOf(world, sent.address);
  return sent;
}

const remove = ({ message }) => world.cli('sender', ['delete', message, '--yes']);
const makeOrganisation = () => world.admin(['org', 'create', '--name', `Clinic ${(counter += 1)}`, '--language', 'en']);
const older = () => world.moveClockAlone(AGE_S * 1000);
const jobs = () => world.sql(`SELECT job FROM outbox.job WHERE state = ${WAITING}`).length;

// What is begun while something is away ends, well or not, when it is back: `ended` waits for that.
const begun = [];
const begin = (promise) => begun.push(promise.catch(() => {}));
const ended = () => Promise.all(begun.splice(0));

// Holds a table as somebody else's transaction would. EXCLUSIVE lets others read it.
const holds = [];
async function hold(table, mode) {
  const child = spawn('psql', ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', world.stack.cluster.conninfo()], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  holds.push(() => (child.stdin.end('ROLLBACK;\n'), exited));
  let said = '';
  child.stdout.on('data', (bytes) => (said += bytes));
  child.stdin.write(`BEGIN; LOCK TABLE ${table} IN ${mode} MODE; SELECT 'held';\n`);
  await until(`a lock of ${table}`, () => said.includes('held'));
}
const letGo = () => Promise.all(holds.splice(0).map((each) => each()));

async function isBack() {
  for (const service of SERVICES) if (!world.stack.running.has(service)) await world.stack.startService(service);
}

// --- the table: a cause, and what it moves -------------------------------------------------------------------

// Each of moves: a sample, the services that show it, what it is while the cause lasts, and what when it is over.
const held = { seconds: 0 }; // between what a row saw of its cause and its undo

const callersOf = { crypto: 'gateway retention', notifier: 'gateway crypto', retention: 'gateway', audit: 'gateway crypto notifier retention' };
const silentPeers = Object.entries(callersOf).map(([peer, callers]) => ({
  cause: `${peer} hangs`,
  act: () => pause(peer),
  undo: () => goOn(peer),
  moves: [[`secure_mail_peer_reachable{peer="${peer}"}`, callers, is(0), is(1)]],
}));

// What each cannot read on without, and who asks for it more often than there are workers.
const FROM_THE_BEGINNING = { after_tx: 0, after_id: 0, rows_max: 1 };
const fullQueues = [
  { service: 'crypto', table: 'vault.feed', caller: 'gateway', operation: 'FEED', fields: () => FROM_THE_BEGINNING, count: 20 },
  { service: 'notifier', table: 'outbox.delivery', caller: 'gateway', operation: 'DELIVERY_FEED', fields: () => FROM_THE_BEGINNING, count: 8 },
  { service: 'retention', table: 'vault.message', caller: 'gateway', operation: 'PURGE', fields: () => ({ message: newId() }), count: 4 },
  { service: 'audit', table: 'audit.entry', caller: 'operator', operation: 'EVIDENCE', fields: () => ({ organisation: newId(), export: newId(), from_seq: 0, to_seq: 0 }), count: 70 },
].map(({ service, table, caller, operation, fields, count }) => ({
  cause: `more is asked of ${service} than it has workers`,
  async act() {
    await hold(table, 'ACCESS EXCLUSIVE');
    this.mouth = startMouth(world, caller);
    await this.mouth.throw(service, operation, fields(), count);
  },
  async undo() {
    await letGo();
    await this.mouth?.stop();
  },
  moves: [
    ['secure_mail_requests_waiting', service, atLeast(1), is(0)],
    ['secure_mail_request_seconds_sum', service, null, grewBy(held)],
  ],
}));

// A transaction of each that waits for a table in its midst, or, where it is sent what it posted, in its COMMIT.
const openTransactions = [
  { service: 'gateway', table: 'mail.cursor', work: () => send() },
  { service: 'crypto', table: 'vault.account', work: () => world.login('sender') },
  { service: 'notifier', table: 'outbox.job', work: () => send() },
  { service: 'retention', table: 'mail.object', prepare: sendAndArrive, work: remove },
  { service: 'audit', table: 'audit.entry', mode: 'ACCESS EXCLUSIVE', work: makeOrganisation },
  { service: 'crypto', table: 'vault.event', work: makeOrganisation, where: ' in its COMMIT' },
].map(({ service, table, mode = 'EXCLUSIVE', prepare, work, where = '' }) => ({
  cause: `a transaction of ${service} cannot go on${where}`,
  async act() {
    const prepared = await prepare?.();
    await hold(table, mode);
    begin(work(prepared));
  },
  undo: letGo,
  moves: [['secure_mail_database_transactions', service, atLeast(1), is(0)]],
}));

const table = [
  ...silentPeers,
  ...fullQueues,
  ...openTransactions,
  {
    cause: 'somebody knocks with a key that nobody here has',
    async act() {
      const stranger = startMouth(world, 'stranger');
      for (const service of SERVERS.split(' ')) await stranger.knock(service);
      await stranger.stop();
    },
    moves: [['secure_mail_bus_strangers_refused_total', SERVERS, grew()]],
  },
  {
    cause: 'each is asked for what retention may not ask',
    async act() {
      const retention = startMouth(world, 'retention');
      for (const [service, operation] of Object.entries({ crypto: 'KEYS', notifier: 'DELIVERY_FEED', retention: 'PURGE', audit: 'QUERY' }))
        assert.equal((await retention.ask(service, operation)).outcome, 'not-allowed');
      await retention.stop();
    },
    moves: [
      ['secure_mail_requests_total{outcome="not-allowed"}', SERVERS, grew()],
      ['secure_mail_request_seconds_count', SERVERS, grew()],
    ],
  },
  {
    cause: 'a page is asked for, and one that there is not',
    async act() {
      for (const [url, status] of Object.entries({ '/livez': 200, '/no-such-page': 404 })) assert.equal((await request(world, 'GET', url)).status, status);
    },
    moves: [
      ['secure_mail_http_requests_total{status="2xx"}', 'gateway', grew()],
      ['secure_mail_http_requests_total{status="4xx"}', 'gateway', grew()],
      ['secure_mail_http_request_seconds_count', 'gateway', grew(2)],
    ],
  },
  {
    cause: 'more is asked of the gateway than it has workers',
    act() {
      pause('crypto');
      for (let i = 0; i < MANY; i++) begin(request(world, 'GET', '/readyz'));
    },
    undo: () => goOn('crypto'),
    moves: [
      ['secure_mail_http_requests_waiting', 'gateway', atLeast(1), is(0)],
      ['secure_mail_http_request_seconds_sum', 'gateway', null, grewBy(held)],
    ],
  },
  {
    cause: 'three sign in at once, again and again',
    async act() {
      const { Office } = await pages.client();
      const { server } = await Office.open(pages.where(world));
      const signIn = () => server.call('login', { email: newAddress(), password: 'wrong', code: '123456' }).catch(() => {});
      this.isOn = true;
      const rounds = async () => {
        while (this.isOn) await Promise.all([signIn(), signIn(), signIn()]);
      };
      begin(rounds());
    },
    undo() {
      this.isOn = false;
    },
    moves: [
      ['secure_mail_password_hashes_running', 'crypto', is(1), is(0)],
      ['secure_mail_password_hashes_waiting', 'crypto', is(1), is(0)],
      ['secure_mail_password_hashes_refused_total', 'crypto', grew()],
    ],
  },
  {
    cause: 'an organisation is made',
    act: makeOrganisation,
    moves: [
      ['secure_mail_audit_logs', 'audit', grew()],
      ['secure_mail_audit_entries', 'audit', grew()],
    ],
  },
  {
    cause: 'audit takes no events: of an organisation that is made, of a letter that goes out, of a message that is destroyed',
    async act() {
      await send({ undo: AGE_S / 2 });
      await until('the notifier has the letter', () => jobs() === 1);
      const over = await sendAndArrive();
      pause('retention');
      await remove(over);
      pause('audit');
      goOn('retention');
      begin(makeOrganisation());
      older();
      await becomes([['secure_mail_outbox_events', REPORTERS, atLeast(1)]]);
      older();
    },
    undo() {
      goOn('retention');
      goOn('audit');
    },
    moves: [
      ['secure_mail_outbox_events', REPORTERS, atLeast(1), is(0)],
      ['secure_mail_outbox_oldest_seconds', REPORTERS, atLeast(AGE_S), is(0)],
    ],
  },
  {
    cause: 'the notifier takes no letters',
    async act() {
      pause('notifier');
      await send();
      older();
    },
    undo: () => goOn('notifier'),
    moves: [
      ['secure_mail_letters_waiting', 'crypto', is(1), is(0)],
      ['secure_mail_letter_oldest_seconds', 'crypto', atLeast(AGE_S), is(0)],
    ],
  },
  {
    cause: 'the relay refuses for the time being',
    async act() {
      await world.stack.smtp.behave('refuse-4xx');
      await send();
      await until('the notifier has the letter', () => jobs() === 1);
      older();
    },
    async undo() {
      await world.stack.smtp.behave('accept');
      older(); // when it is tried again
    },
    moves: [
      ['secure_mail_mail_waiting', 'notifier', is(1), is(0)],
      ['secure_mail_mail_oldest_seconds', 'notifier', atLeast(AGE_S), is(0)],
    ],
  },
  {
    // One letter waits in the notifier and one in crypto; restore.prepare is what deploy/bin/restore does to the rows.
    cause: 'a restore finds letters that were waiting',
    async act() {
      await world.stack.smtp.behave('refuse-4xx');
      await send();
      await until('the notifier has the letter', () => jobs() === 1);
      await world.stack.stopService('notifier');
      await send();
      await world.stack.stopService('crypto');
      const id = () => `'\\x${crypto.randomBytes(16).toString('hex')}'`;
      world.sql(`SELECT restore.prepare(${id()}, ${id()}, clock.now_ms(), false)`);
      await isBack();
      await world.stack.smtp.behave('accept');
    },
    async undo() {
      await world.stack.smtp.behave('accept');
      await isBack();
      await world.admin(['mail', 'release']);
      await world.moveClock(AGE_S * 1000); // nobody is signed in any more
    },
    moves: [['secure_mail_mail_held', 'crypto notifier', is(1), is(0)]],
  },
  {
    cause: 'retention destroys nothing of what is due',
    async act() {
      const over = await sendAndArrive();
      pause('retention');
      await remove(over);
      older();
    },
    undo: () => goOn('retention'),
    moves: [['secure_mail_retention_lag_seconds', 'crypto', atLeast(AGE_S), is(0)]],
  },
  {
    cause: 'retention sweeps again, later',
    act: older,
    moves: [['secure_mail_retention_last_sweep_timestamp_seconds', 'retention', grew(AGE_S)]],
  },
  {
    cause: 'the object store cannot be reached',
    async act() {
      await store.goDown();
      await until('the gateway says so', async () => (await request(world, 'GET', '/readyz')).status === 503);
    },
    undo: () => store.goOn(),
    moves: [
      ['secure_mail_store_requests_total{outcome="unavailable"}', 'gateway retention', grew()],
      ['secure_mail_http_requests_total{status="5xx"}', 'gateway', grew()],
      ['secure_mail_ready', 'gateway retention', is(0), is(1)],
    ],
  },
  {
    cause: 'the object store takes its time',
    async act() {
      const asked = new Set();
      const answers = new Promise((resolve) => (this.answer = resolve));
      store.hook = async ({ headers }) => {
        asked.add(headers.authorization.match(/Credential=(\w+)/)[1]);
        return answers;
      };
      await until('both have asked', () => asked.size === 2);
    },
    undo() {
      store.hook = null;
      this.answer(null);
    },
    moves: [
      ['secure_mail_store_requests_total{outcome="ok"}', 'gateway retention', null, grew()],
      ['secure_mail_store_request_seconds_count', 'gateway retention', null, grew()],
      ['secure_mail_store_request_seconds_sum', 'gateway retention', null, grewBy(held)],
    ],
  },
  {
    cause: 'the database ends every session',
    act: () => world.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'sm\\_%'"),
    moves: [['secure_mail_database_reconnects_total', ALL, grew()]],
  },
  {
    cause: 'the database is away',
    act: () => world.stack.cluster.stop(),
    undo: () => world.stack.cluster.start(),
    moves: [
      ['secure_mail_ready', ALL, is(0), is(1)],
      ['secure_mail_database_connections', ALL, fell, rose],
    ],
  },
  {
    // Root may lock what it will, as long as it has that capability.
    cause: 'the services run without a cage, and with no memory that they may lock',
    async act() {
      const prefix = ['prlimit', '--memlock=0:0'];
      bare.push(...(process.getuid() === 0 ? ['setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock'] : []), ...prefix);
      await restartAll({ SECURE_MAIL_CAGE: 'off' });
    },
    async undo() {
      bare.length = 0;
      await restartAll();
    },
    moves: [
      ['secure_mail_caged{part="calls"}', ALL, is(0), is(1)],
      ['secure_mail_secrets_unlocked_total', ALL, grew(), asBefore],
      ['secure_mail_started_timestamp_seconds', ALL, grew()],
    ],
  },
];

async function restartAll(env = {}) {
  for (const service of [...SERVICES].reverse()) await world.stack.stopService(service);
  for (const service of SERVICES) await world.stack.startService(service, env);
}

// What another test moves: 'metric service': the test's file.
const elsewhere = {};

// --- each row ------------------------------------------------------------------------------------------------

const pairsOf = (moves) => moves.flatMap(([sample, services, during, afterwards]) =>
  services.split(' ').map((service) => ({ sample, service, during, afterwards, key: `${sample} of ${service}` })));

async function read(pairs) {
  const services = [...new Set(pairs.map(({ service }) => service))];
  const told = new Map(await Promise.all(services.map(async (service) => [service, await metricsOf(world, service)])));
  const valueOf = ({ sample, service }) => told.get(service).get(sample) ?? NaN;
  return new Map(pairs.map((pair) => [pair.key, valueOf(pair)]));
}

// Waits until each has been seen to be as expected; they need not be so at the same moment.
async function settle(pairs, expectationOf, { was = new Map(), then = new Map() } = {}) {
  let left = pairs.filter(expectationOf);
  let values = new Map();
  await until('what is expected', async () => {
    values = await read(left);
    left = left.filter((pair) => !expectationOf(pair)({ now: values.get(pair.key), was: was.get(pair.key), then: then.get(pair.key) }));
    return left.length === 0;
  }).catch(() => assert.fail(left.map((pair) =>
    `${pair.key} ${expectationOf(pair).says}: no, it is ${values.get(pair.key)}, and was ${was.get(pair.key)}`).join('\n')));
}

const becomes = (moves) => settle(pairsOf(moves), ({ during }) => during);

// Nothing of what is to be seen is there before its cause.
async function calm(pairs) {
  let values;
  let early;
  await until('calm', async () => {
    values = await read(pairs);
    early = pairs.filter(({ key, during }) => Number.isNaN(values.get(key)) || during?.({ now: values.get(key), was: values.get(key) }));
    return early.length === 0;
  }).catch(() => assert.fail(`before the cause already: ${early.map(({ key }) => `${key} is ${values.get(key)}`).join(', ')}`));
  return values;
}

for (const row of table)
  test(row.cause, async () => {
    const pairs = pairsOf(row.moves);
    const was = await calm(pairs);
    let then;
    try {
      await row.act();
      await settle(pairs, ({ during }) => during, { was });
      const since = Date.now();
      then = await read(pairs);
      held.seconds = (Date.now() - since) / 1000;
    } finally {
      await row.undo?.();
      await ended();
    }
    await settle(pairs, ({ afterwards }) => afterwards, { was, then });
  });

// --- all of them -----------------------------------------------------------------------------------------------

const nameOf = (sample) => sample.replace(/\{.*/, '').replace(/_(sum|count)$/, '');

test('every metric of docs/metrics.md is moved, at every service that has it, here or elsewhere', () => {
  const lines = fs.readFileSync('docs/metrics.md', 'utf8').matchAll(/^\| `(secure_mail_\w+)(?:\{\w+\})?` \| \w+ \| ([a-z ]+) \|/gm);
  const told = [...lines].flatMap(([, name, services]) => services.split(' ').map((service) => `${name} ${service}`));
  const moved = table.flatMap(({ moves }) => pairsOf(moves)).map(({ sample, service }) => `${nameOf(sample)} ${service}`);

  assert.ok(told.length > 60, 'the page is read');
  assert.deepEqual(told.filter((each) => !moved.includes(each) && !elsewhere[each]), [], 'moved by no test');
  assert.deepEqual([...moved, ...Object.keys(elsewhere)].filter((each) => !told.includes(each)), [], 'not on the page');
  for (const [each, file] of Object.entries(elsewhere)) assert.ok(fs.readFileSync(file, 'utf8').includes(each.split(' ')[0]), file);
});
