// `make bench`: measures every figure beside the limit of the library beneath it, in the same run, and
// writes bench/results.json, docs/performance.md and docs/performance.svg. It reports; nothing here
// passes or fails by time.
//
// A figure program prints a line of JSON for each sample of a figure: {figure, unit, target, limit_name,
// limit, product}, and is_at_most where less is better. The programs of bench/*.c are run five times; the
// scripts bench/*.mjs take five samples by themselves, on a suite that they start.
// Usage: node bench/run.mjs PROGRAM ...      ONLY=word: those alone whose name has it; the others stay

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { plot } from './support/plot.mjs';
import { page } from './support/page.mjs';

const RUNS = 5;
const RESULTS = 'bench/results.json';
const PROGRAM_MS = 400_000;
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

const only = process.env.ONLY ?? '';
const scripts = fs.readdirSync('bench').filter((name) => name.endsWith('.mjs') && name !== 'run.mjs').sort();
const programs = process.argv.slice(2).filter((name) => /\/bench\/[^/]+$/.test(name));
const chosen = [...programs, ...scripts.map((name) => path.join('bench', name))].filter((name) => path.basename(name).includes(only));

function samplesOf(name) {
  const isScript = name.endsWith('.mjs');
  const [command, args] = isScript ? ['node', [name]] : [name, []];
  const { stdout, status, error } = spawnSync(command, args, {
    encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], timeout: PROGRAM_MS, env: { ...process.env, SM_BENCH_RUNS: String(RUNS) },
  });
  if (status !== 0) console.error(`${name} ended early (${error?.message ?? status}): its figures are of what it measured until then`);
  return (stdout ?? '').trim().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

// Round after round, so that a machine that drifts drifts for all.
const samples = new Map();
for (let run = 0; run < RUNS; run++)
  for (const name of chosen) {
    if (run > 0 && name.endsWith('.mjs')) continue;
    const begun = Date.now();
    for (const sample of samplesOf(name))
      samples.set(sample.figure, [...(samples.get(sample.figure) ?? []), { ...sample, program: path.basename(name) }]);
    if (name.endsWith('.mjs')) console.error(`${name}: ${Math.round((Date.now() - begun) / 1000)} s`);
  }

const fresh = [...samples.values()].map((all) => ({
  ...all[0],
  limit: median(all.map((each) => each.limit)),
  product: median(all.map((each) => each.product)),
  ratio: median(all.map((each) => each.product / each.limit)),
  runs: all.length,
}));

// With ONLY, what was not measured now stays as it was.
const before = fs.existsSync(RESULTS) && only ? JSON.parse(fs.readFileSync(RESULTS, 'utf8')).results : [];
const results = [
  ...before.map((old) => fresh.find((each) => each.figure === old.figure) ?? old),
  ...fresh.filter((each) => !before.some((old) => old.figure === each.figure)),
];

const machine = { cores: os.cpus().length, processor: os.cpus()[0].model, load: Number(os.loadavg()[2].toFixed(1)) };
fs.writeFileSync(RESULTS, `${JSON.stringify({ ...machine, runs: RUNS, results }, null, 2)}\n`);
fs.writeFileSync('docs/performance.svg', plot(results));
fs.writeFileSync('docs/performance.md', page({ machine, runs: RUNS, results }));
console.log(page({ machine, runs: RUNS, results }).split('\n').filter((line) => line.startsWith('|')).join('\n'));
