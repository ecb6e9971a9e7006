// The log: appending, acknowledged and durable; and a long log exported and verified, with the memory
// that it takes at a tenth of the length and at the whole.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { BenchLog } from './support/log.mjs';
import { Client, RUNS, limit, memoryOf, say, startSuite } from './support/stack.mjs';

const { BIN } = await import('../tests/system/support/world.mjs');
const ENTRIES = Number(process.env.SM_BENCH_ENTRIES ?? 1_000_000);
const SECONDS = 1.5;
const ENOUGH_MS = 300_000; // then no further sample is begun: bench/run.mjs ends what takes 400 s
const begun = performance.now();
const world = await startSuite();
const client = new Client(world);
const log = new BenchLog(world, client);

// Runs a program to its end; its largest resident memory in MiB, as far as it was seen.
function peakOf(program, args, home) {
  return new Promise((resolve, reject) => {
    let peak = 0;
    let said = '';
    const child = spawn(path.join(BIN, program), args, {
      stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env.PATH, LANG: 'C.UTF-8', SECUREMAIL_HOME: world.path('home', home) },
    });
    const look = setInterval(() => {
      try {
        peak = Math.max(peak, memoryOf(child.pid, 'VmHWM'));
      } catch {} // it has ended
    }, 20);
    child.stderr.on('data', (bytes) => (said += bytes));
    child.once('exit', (code) => {
      clearInterval(look);
      if (code === 0) resolve(peak);
      else reject(new Error(`${program}: exit ${code}: ${said}`));
    });
  });
}

async function exportAndVerify(file) {
  const begun = performance.now();
  const exporting = await peakOf('securemail-admin', ['audit', 'export', '--output', file], 'boss');
  const exported = performance.now();
  const verifying = await peakOf('securemail-verify', [file], 'boss');
  const entries = log.length;
  const ended = performance.now();
  return { rate: entries / ((ended - begun) / 1000), exported: (exported - begun) / 1000, verified: (ended - exported) / 1000, peak: exporting + verifying };
}

try {
  for (let run = 0; run < RUNS; run++) {
    const chained = await limit('database', world.stack.cluster.conninfo(), 'chain', 1, SECONDS);
    const appended = await log.append(64, SECONDS, 1);
    say('audit append, acknowledged, 64 in flight, one event each', '/s', 0.5, 'hash-chained rows, 256 a commit', chained, appended.rate);
    const batched = await log.append(4, SECONDS, 64);
    say('audit append, acknowledged, as a relay does: 64 events a call, 4 in flight', '/s', 0.5, 'hash-chained rows, 256 a commit', chained, batched.rate);
  }
  const file = world.path('log.ndjson');
  await log.fillTo(ENTRIES / 10);
  const tenth = await exportAndVerify(file);
  await log.fillTo(ENTRIES);
  for (let run = 0; run < RUNS && (run === 0 || performance.now() - begun < ENOUGH_MS); run++) {
    fs.rmSync(file, { force: true });
    const whole = await exportAndVerify(file);
    console.error(`export ${whole.exported.toFixed(1)} s, verify ${whole.verified.toFixed(1)} s, ${log.length} entries`);
    const hashed = await limit('sha256', file);
    const name = ENTRIES.toLocaleString('en');
    say(`export and verify of a log of ${name} entries`, 'entries/s', 0.15, 'SHA-256 over the same bytes', hashed, whole.rate);
    say(`memory of export and verifier, ${name} entries`, 'MiB', 1.2, 'the same with a tenth of them', tenth.peak, whole.peak, { is_at_most: true });
  }
  await client.end();
} finally {
  await world.stop();
}
