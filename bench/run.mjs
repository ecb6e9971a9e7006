// `make bench`: runs each program several times, takes the median of the ratios, writes
// bench/results.json and docs/performance.md. It reports; nothing here passes or fails by time.
// Usage: node bench/run.mjs PROGRAM ...

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

const RUNS = 5;
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const round = (number) => (number >= 100 ? Math.round(number).toLocaleString('en') : number.toFixed(2));

const samples = new Map();
for (let run = 0; run < RUNS; run++)
  for (const program of process.argv.slice(2))
    for (const line of execFileSync(program, { encoding: 'utf8' }).trim().split('\n')) {
      const sample = JSON.parse(line);
      samples.set(sample.figure, [...(samples.get(sample.figure) ?? []), sample]);
    }

const results = [...samples.values()].map((all) => ({
  ...all[0],
  limit: median(all.map((each) => each.limit)),
  product: median(all.map((each) => each.product)),
  ratio: median(all.map((each) => each.product / each.limit)),
  runs: all.length,
}));

const rows = results.map(({ figure, product, unit, limit_name: name, limit, ratio, target }) =>
  `| ${figure} | ${round(product)} ${unit} | ${name}: ${round(limit)} ${unit} | ${ratio.toFixed(2)} | ${target} | ${ratio >= target ? 'met' : '**missed**'} |`);
const table = ['| figure | product | limit, same run | ratio | target | |', '|---|---|---|---|---|---|', ...rows].join('\n');
console.log(table);
fs.writeFileSync('bench/results.json', `${JSON.stringify({ cores: os.cpus().length, runs: RUNS, results }, null, 2)}\n`);
fs.writeFileSync('docs/performance.md', `# Performance

Written by \`make bench\` (medians of ${RUNS} runs, ${os.cpus().length} cores). Each figure stands beside the raw limit of the library
beneath it, measured in the same run: the ratio is what counts, absolute figures drift with the machine.

${table}
`);
