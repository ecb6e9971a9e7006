// `make bench-large`: do list, open, send, append and sweep cost the same when the database is large as
// when it holds ten messages? Measures them, fills the tables, measures again, and asks PostgreSQL which
// large table anybody has read from end to end. Writes bench/large/results.json.
// SM_BENCH_LARGE: messages that are added (1,000,000); of log entries ten times as many. Not a test: nothing fails by time.

import fs from 'node:fs';

import { Client, startSuite } from '../support/stack.mjs';

const ROWS = Number(process.env.SM_BENCH_LARGE ?? 1_000_000);
const ENTRIES_A_MESSAGE = 10;
const TIMES = 3;
const SECONDS = 1.5;
const SETTLE_MS = 3000;
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const world = await startSuite();

// Requests are sealed to a key of crypto that lives for minutes: a client that waited for the filling is too old.
async function freshClient() {
  const fresh = new Client(world);
  await fresh.signIn();
  return fresh;
}
let client = null;
const { http } = world.stack.ports;
const as = (role, text) => world.sql(`SET ROLE ${role}; ${text}`);

async function measure() {
  const rates = { send: [], open: [], list: [], append: [] };
  for (let i = 0; i < TIMES; i++) {
    await client.ask('prepare', 16, 1200);
    rates.send.push((await client.ask('send', 16, SECONDS)).rate);
    await client.ask('codes');
    rates.open.push((await client.ask('open', 16, SECONDS)).rate);
    rates.list.push((await client.ask('list', http, 16, SECONDS)).rate);
    rates.append.push((await client.ask('append', world.stack.path('keys'), world.stack.bus('audit'), 64, SECONDS, 1, world.organisation)).rate);
  }
  return { ...Object.fromEntries(Object.entries(rates).map(([name, each]) => [name, median(each)])), sweep: sweepRate() };
}

// What the sweep asks for when nothing is due: statements a second, the quickest of some (others use the machine).
function sweepRate() {
  const due = 'SELECT organisation, message, state FROM vault.message WHERE due_ms <= clock.now_ms() ORDER BY due_ms LIMIT 100';
  const asked = `EXPLAIN (ANALYZE, TIMING OFF) ${due};`.repeat(20);
  const plans = as('sm_crypto', `SET enable_seqscan = off; ${asked}`).flat().join('\n');
  return 1000 / Math.min(...[...plans.matchAll(/Execution Time: ([\d.]+)/g)].map(([, ms]) => Number(ms)));
}

// Copies of rows that are there, under new ids, each with its recipient, object, delivery and log entry. Their
// MACs are wrong, so none of them can be opened; they are only in the way.
function fill() {
  const id = (salt) => `decode(left(md5('${salt}'), 16) || lpad(to_hex(i), 16, '0'), 'hex')`; // in order: an index grows at its end
  const series = `generate_series(1, ${ROWS}) AS i`;
  const copy = (table, changes) => {
    const columns = world.sql(`SELECT column_name FROM information_schema.columns WHERE table_schema || '.' || table_name = '${table}' ORDER BY ordinal_position`)
      .map(([name]) => name).filter((name) => changes[name] !== null);
    world.sql(`SET session_replication_role = replica; INSERT INTO ${table} (${columns.join(', ')}) SELECT ${columns.map((name) => changes[name] ?? `t.${name}`).join(', ')} FROM (SELECT * FROM ${table} LIMIT 1) AS t, ${series}`);
  };
  const before = '- i * 10';
  copy('vault.message', { message: id('m'), created_ms: `t.created_ms ${before}`, due_ms: 't.expires_ms + i' });
  copy('vault.link', { link: id('l'), message: id('m') });
  copy('vault.feed', { id: null, thing: id('l'), message: id('m') });
  copy('mail.message', { message: id('m'), created_ms: `t.created_ms ${before}` });
  copy('mail.recipient', { link: id('l'), message: id('m') });
  copy('mail.object', { message: id('m') });
  world.sql(`INSERT INTO mail.delivery SELECT ${id('l')}, ${id('m')}, 1, 1 FROM ${series}`);
  for (let part = 0; part < ENTRIES_A_MESSAGE; part++) {
    const seq = `i + ${part * ROWS}`;
    copy('audit.entry', { organisation: "decode(md5('somebody else'), 'hex')", seq, event: id(`e${part}`), message: id('m'), link: id('l') });
    copy('audit.disclosure', { organisation: "decode(md5('somebody else'), 'hex')", seq });
  }
}

const scans = () => new Map(world.sql('SELECT schemaname || chr(46) || relname, seq_scan, n_live_tup FROM pg_stat_user_tables').map(([name, count, rows]) => [name, { count: Number(count), rows: Number(rows) }]));

try {
  client = await freshClient();
  await client.ask('prepare', 4, 10);
  await client.ask('send', 4, 0);
  const few = await measure();
  const begun = Date.now();
  fill();
  console.error(`filled in ${Math.round((Date.now() - begun) / 1000)} s`);
  world.sql('VACUUM ANALYZE'); // what autovacuum would do by itself, on the same two cores, while it is measured
  world.sql('CHECKPOINT');
  await client.end();
  client = await freshClient();
  const scansBefore = scans();
  const many = await measure();
  await world.stack.stopService('retention'); // it sweeps when it starts
  await world.stack.startService('retention');
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const read = [...scans()].filter(([name, { count, rows }]) => rows > ROWS / 2 && count > (scansBefore.get(name)?.count ?? 0)).map(([name]) => name);
  const rows = Object.keys(few).map((what) => ({ what, few: few[what], many: many[what], ratio: many[what] / few[what] }));
  const results = { messages: ROWS, entries: ROWS * ENTRIES_A_MESSAGE, rows, read_from_end_to_end: read };
  fs.writeFileSync('bench/large/results.json', `${JSON.stringify(results, null, 2)}\n`);
  console.log(JSON.stringify(results, null, 2));
  await client.end();
} finally {
  await world.stop();
}
