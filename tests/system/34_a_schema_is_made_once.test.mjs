// The migrations of a database: made once, by whoever comes first, and as a whole. Whoever comes at the
// same time waits, and finds nothing left to do; what was broken off has left nothing.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { startWorld, until } from './support/world.mjs';

const FILES = fs.readdirSync('db/migrations').filter((name) => /^\d.*\.sql$/.test(name));

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const fresh = (name) => world.stack.cluster.sql(`CREATE DATABASE ${name}`);
const schemasOf = (name) => world.stack.cluster.sql("SELECT nspname FROM pg_namespace WHERE nspname !~ '^(pg_|information_|public$)'", name).flat();
const appliedIn = (name) => world.stack.cluster.sql('SELECT name FROM migration.applied', name).flat();

function migrate(name) {
  const child = spawn('db/migrate', [world.stack.cluster.conninfo(null, name)], { stdio: ['ignore', 'ignore', 'pipe'] });
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
