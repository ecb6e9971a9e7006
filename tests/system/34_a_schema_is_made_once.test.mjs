// The migrations of a database: made once, by whoever comes first, and as a whole. Whoever comes at the
// same time waits, and finds nothing left to do; what was broken off has left nothing. What takes long is done
// beforehand, while people go on sending.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { startWorld, until } from './support/world.mjs';

const FILES = fs.readdirSync('db/migrations').filter((name) => /^\d.*\.sql$/.test(name));

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const fresh = (name) => world.stack.cluster.sql(`CREATE DATABASE ${name}`);
const schemasOf = (name) => world.stack.cluster.sql("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_|public$)'", name).flat();
const appliedIn = (name) => world.stack.cluster.sql('SELECT name FROM migration.applied', name).flat();

function migrate(name, program = 'db/migrate') {
  const child = spawn(program, [world.stack.cluster.conninfo(null, name)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (bytes) => (said += bytes));
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, said })));
}

test('three who migrate at once: each is told that all is well, and every migration was applied once', async () => {
  fresh('together');
  const ends = await Promise.all([migrate('together'), migrate('together'), migrate('together')]);
  assert.deepEqual(ends, Array(3).fill({ code: 0, said: '' }));
  assert.equal(appliedIn('together').length, FILES.length);
});

// Somebody who is making the last schema too: a migration gets as far as that, and waits for him.
function inTheWay(name) {
  const child = spawn('psql', ['-X', '-q', world.stack.cluster.conninfo(null, name)], { stdio: ['pipe', 'ignore', 'ignore'] });
  child.stdin.write('BEGIN; CREATE SCHEMA status;\n');
  return () => new Promise((resolve) => child.on('close', resolve) && child.stdin.end('ROLLBACK;\n'));
}

test('a migration that is broken off leaves nothing, and the next one makes all of it', async () => {
  const sql = (text) => world.stack.cluster.sql(text);
  fresh('broken');
  const busy = (wait) => sql(`SELECT pid FROM pg_stat_activity WHERE datname = 'broken' AND ${wait}`).flat();
  const goAway = inTheWay('broken');
  await until('somebody in the way', () => busy("state = 'idle in transaction'").length === 1);
  const first = migrate('broken');
  await until('the migration to wait for him', () => busy("wait_event_type = 'Lock'").length === 1);

  sql(`SELECT pg_terminate_backend(${busy("wait_event_type = 'Lock'")[0]})`);

  const { code, said } = await first;
  assert.notEqual(code, 0);
  assert.match(said, /terminating connection/);
  await goAway();
  assert.deepEqual(schemasOf('broken'), []);
  assert.deepEqual(await migrate('broken'), { code: 0, said: '' });
  assert.equal(appliedIn('broken').length, FILES.length);
});

// --- beforehand ---

const INDEX = 'ON vault.message (created_ms)';
const psql = (text) => world.stack.cluster.sql(text);
const indexes = () => psql("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('vault.message_next')").flat();
const isApplied = () => appliedIn('securemail').includes('9999_next');
const waiting = () => psql("SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'CREATE INDEX%'").flat();

// The migrations of a release that comes next.
function nextRelease() {
  const folder = world.path('next');
  fs.cpSync('db', folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'migrations', '9999_next.sql'), `CREATE INDEX IF NOT EXISTS message_next ${INDEX};\n`);
  fs.writeFileSync(path.join(folder, 'beforehand', '9999_next.sql'), `DROP INDEX CONCURRENTLY IF EXISTS vault.message_next;\nCREATE INDEX CONCURRENTLY message_next ${INDEX};\n`);
  return path.join(folder, 'migrate');
}

// While somebody is in the middle of writing a message, for whom any index waits.
async function whileOneWrites(work) {
  const child = spawn('psql', ['-X', '-q', world.stack.cluster.conninfo()], { stdio: ['pipe', 'ignore', 'ignore'] });
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.stdin.write('BEGIN; UPDATE vault.message SET created_ms = created_ms;\n');
  try {
    await until('somebody who writes', () => psql("SELECT 1 FROM pg_stat_activity WHERE state = 'idle in transaction' AND query LIKE '%created_ms = created_ms%'").length === 1);
    return await work();
  } finally {
    child.stdin.end('ROLLBACK;\n');
    await closed;
  }
}

test('an index on a large table is built beforehand: sends and opens go on meanwhile, and it is made once', { timeout: 120_000 }, async () => {
  const program = nextRelease();
  await act.send(world, { to: 'before@recipient.example' });
  const { ends } = await whileOneWrites(async () => {
    const first = migrate('securemail', program);
    await until('the index to wait for him', () => waiting().length === 1);
    const ends = Promise.all([first, migrate('securemail', program)]);
    await act.send(world, { to: 'meanwhile@recipient.example' });
    const shown = await act.open(world, await world.linkFor('meanwhile@recipient.example'), { password: 'correct-horse', home: 'meanwhile' });
    assert.equal(shown.json.body, 'Good news.');
    assert.equal(waiting().length, 1);
    assert.ok(!isApplied());
    return { ends };
  });
  assert.deepEqual(await ends, Array(2).fill({ code: 0, said: '' }));
  assert.deepEqual(indexes(), ['t']);
  assert.ok(isApplied());
});

test('one that is broken off beforehand leaves the older release as it is, and is begun again', { timeout: 120_000 }, async () => {
  const program = world.path('next', 'migrate');
  psql("DROP INDEX vault.message_next; DELETE FROM migration.applied WHERE name = '9999_next'");
  const { code } = await whileOneWrites(async () => {
    const first = migrate('securemail', program);
    await until('the index to wait for him', () => waiting().length === 1);
    psql(`SELECT pg_terminate_backend(${waiting()[0]}, 10000)`);
    return first;
  });

  assert.notEqual(code, 0);
  assert.deepEqual(indexes(), ['f']);
  assert.ok(!isApplied());
  assert.deepEqual(await migrate('securemail'), { code: 0, said: '' });
  assert.deepEqual(await migrate('securemail', program), { code: 0, said: '' });
  assert.deepEqual(indexes(), ['t']);
  assert.ok(isApplied());
  const { code: older, said } = await migrate('securemail');
  assert.notEqual(older, 0);
  assert.match(said, /newer release \(it has 9999_next\)/);
});
