// `make bench-large`: do list, open, send, append and sweep cost the same when the database is large as when it is new?
// Two suites stand side by side, one with a new database and one whose tables are filled; both are measured, in turn,
// because a machine is half as fast a minute later. And PostgreSQL is asked which large table anybody has read from end
// to end. Writes bench/large/results.json. SM_BENCH_LARGE: messages that are added (1,000,000); the log gets ten times
// as many entries. Not a test: nothing fails by time.
//
// The messages are copies of a row, with MACs that are wrong: they are only in the way. The log is the one that is appended
// to, and audit believes no entry that does not chain: so all its entries were appended by audit, which takes
// most of the run (at ten thousand a second a quarter of an hour for ten millions).
//
// What is called few is what these measurements leave themselves: some thousand messages and tens of thousands of entries.

import fs from 'node:fs';
import path from 'node:path';

import { Cluster } from '../../dev/cluster.mjs';
import { BenchLog } from '../support/log.mjs';
import { Client, LISTS, startSuite } from '../support/stack.mjs';

const ROWS = Number(process.env.SM_BENCH_LARGE ?? 1_000_000);
const ENTRIES = 10 * ROWS;
const ROUNDS = 5; // each ends with a sweep
const TIMES = 2; // of a round
const MESSAGES = 1200; // of a round: more than are sent in it
const SECONDS = 1.5;
const SETTLE_MS = 3000;
const APART_MS = 10; // messages that are added
const PAST_EXPIRY_MS = 8 * 86_400_000; // messages live seven days
const SWEEP_MS_MAX = 600_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

// A database as docs/scale.md advises for this size ("A large database"), and so when it is new: PostgreSQL with 4 GB.
const DATABASE = { shared_buffers: '1GB', max_wal_size: '4GB', checkpoint_timeout: '15min' };
const startOne = () => startSuite({ makeCluster: (folder) => new Cluster(path.join(folder, 'pg'), { settings: DATABASE }) });

class Side {
  rates = { send: [], open: [], list: [], 'list, read each time': [], append: [], 'append as a relay does': [], sweep: [] };

  static async start() {
    const side = new Side();
    side.world = await startOne();
    await side.renewClient();
    return side;
  }

  // Requests are sealed to a key of crypto that lives for hours, and sessions end: a client from before a filling or a
  // step of the clock is too old.
  async renewClient() {
    await this.client?.end();
    this.client = new Client(this.world);
    await this.client.signIn();
  }

  get log() {
    return new BenchLog(this.world, this.client);
  }

  async measure() {
    const { client, rates } = this;
    await client.ask('prepare', 16, MESSAGES);
    rates.send.push((await client.ask('send', 16, SECONDS)).rate);
    await client.ask('codes');
    rates.open.push((await client.ask('open', 16, SECONDS)).rate);
    const { http } = this.world.stack.ports;
    rates.list.push((await client.ask('list', http, LISTS.first, 16, SECONDS)).rate);
    rates['list, read each time'].push((await client.ask('list', http, LISTS.read, 16, SECONDS)).rate);
    rates.append.push((await this.log.append(64, SECONDS, 1)).rate);
    rates['append as a relay does'].push((await this.log.append(4, SECONDS, 64)).rate);
  }

  // All messages that were sent until now expire at once, and retention is started, which begins with a sweep: how many
  // a second have neither key nor ciphertext any more, and an entry in the log.
  async sweep() {
    const { world } = this;
    const due = () => Number(world.sql('SET enable_seqscan = off; SELECT count(*) FROM vault.message WHERE due_ms <= clock.now_ms()')[0][0]);
    await world.stack.stopService('retention');
    await world.moveClock(PAST_EXPIRY_MS);
    const count = due();
    const begun = performance.now();
    await world.stack.startService('retention');
    while (due() > 0) {
      if (performance.now() - begun > SWEEP_MS_MAX) throw new Error(`of ${count} messages that are due ${due()} are still there`);
      await sleep(50);
    }
    const seconds = (performance.now() - begun) / 1000;
    console.error(`swept ${count} messages in ${seconds.toFixed(1)} s`);
    this.rates.sweep.push(count / seconds);
    await this.renewClient();
  }

  async stop() {
    await this.client?.end();
    await this.world?.stop();
  }
}

// Copies of the rows of one message that lives, under new ids, each with its recipient, object and delivery; none of
// them is ever due.
function fillMessages(world) {
  const [[live, newest]] = world.sql("SELECT encode(message, 'hex'), created_ms FROM vault.message WHERE due_ms > clock.now_ms() LIMIT 1");
  // As lib/base/id.h makes them: the time first, then what is random (here what cannot be told from it).
  const id = (salt) => `decode(lpad(to_hex(${newest} - i * ${APART_MS}), 12, '0') || '7' || left(md5('${salt}' || i), 19), 'hex')`;
  const series = `generate_series(1, ${ROWS}) AS i`;
  const copy = (table, changes) => {
    const columns = world.sql(`SELECT column_name FROM information_schema.columns WHERE table_schema || '.' || table_name = '${table}' ORDER BY ordinal_position`)
      .map(([name]) => name).filter((name) => changes[name] !== null);
    const one = `SELECT * FROM ${table} WHERE message = '\\x${live}' LIMIT 1`;
    const values = columns.map((name) => changes[name] ?? `t.${name}`).join(', ');
    world.sql(`SET session_replication_role = replica; INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values} FROM (${one}) AS t, ${series}`);
    const [[there]] = world.sql(`SELECT count(*) FROM ${table}`);
    if (Number(there) < ROWS) throw new Error(`${table} was not filled: ${there} rows`);
  };
  const before = `- i * ${APART_MS}`;
  copy('vault.message', { message: id('m'), created_ms: `t.created_ms ${before}`, due_ms: 't.expires_ms * 2 + i' });
  copy('vault.link', { link: id('l'), message: id('m') });
  // Before all others: the gateway has passed them long ago. (By their own row's transaction it might have to read them all.)
  copy('vault.feed', { id: null, tx: "'3'::xid8", thing: id('l'), message: id('m') });
  copy('mail.message', { message: id('m'), created_ms: `t.created_ms ${before}` });
  copy('mail.recipient', { link: id('l'), message: id('m') });
  copy('mail.object', { message: id('m') });
  world.sql(`INSERT INTO mail.delivery SELECT ${id('l')}, ${id('m')}, 1, 1 FROM ${series}`);
}

async function fill({ world, client, log }) {
  const begun = Date.now();
  const said = (what) => console.error(`${Math.round((Date.now() - begun) / 1000)} s: ${what}`);
  await client.ask('prepare', 4, 10);
  await client.ask('send', 4, 0);
  fillMessages(world);
  said(`${ROWS} messages are copied`);
  await log.fillTo(ENTRIES, (length) => said(`the log has ${length} entries`));
  world.sql('VACUUM ANALYZE'); // what autovacuum would do by itself, on the same two cores, while it is measured
  world.sql('CHECKPOINT');
  said('filled');
}

const scans = ({ world }) => new Map(world.sql('SELECT schemaname || chr(46) || relname, seq_scan, n_live_tup FROM pg_stat_user_tables').map(([name, count, rows]) => [name, { count: Number(count), rows: Number(rows) }]));

let few = null;
let many = null;
try {
  few = await Side.start();
  many = await Side.start();
  await fill(many);
  await many.renewClient();
  await few.renewClient();
  const scansBefore = scans(many);
  for (let round = 0; round < ROUNDS; round++) {
    const inTurn = round % 2 ? [few, many] : [many, few];
    for (let i = 0; i < TIMES; i++) for (const side of inTurn) await side.measure();
    for (const side of inTurn) await side.sweep();
  }
  await sleep(SETTLE_MS);
  const read = [...scans(many)].filter(([name, { count, rows }]) => rows > ROWS / 2 && count > (scansBefore.get(name)?.count ?? 0)).map(([name]) => name);
  const rows = Object.keys(few.rates).map((what) => ({ what, few: median(few.rates[what]), many: median(many.rates[what]) }));
  for (const row of rows) row.ratio = row.many / row.few;
  const results = { messages: ROWS, entries: ENTRIES, rows, read_from_end_to_end: read };
  fs.writeFileSync('bench/large/results.json', `${JSON.stringify(results, null, 2)}\n`);
  console.log(JSON.stringify(results, null, 2));
} finally {
  await few?.stop().catch(console.error);
  await many?.stop();
}
