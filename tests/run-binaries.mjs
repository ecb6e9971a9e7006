// Runs cmocka test binaries, sums their results and ends with one line, "N passed, N failed".
// Usage: node tests/run-binaries.mjs BINARY ...    A binary that ends without a result is a failure.

import { spawn } from 'node:child_process';
import os from 'node:os';

const TIMEOUT_MS = 300_000;
const binaries = process.argv.slice(2).sort();

function run(binary) {
  return new Promise((resolve) => {
    const started = Date.now();
    const child = spawn(binary, [], { stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS, killSignal: 'SIGKILL' });
    let output = '';
    const keep = (bytes) => (output += bytes);
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const end = (code, signal) => resolve({ binary, code, signal, output, ms: Date.now() - started });
    child.on('error', (error) => end(null, keep(`${error.message}\n`)));
    child.on('close', end);
  });
}

const count = (output, word) =>
  [...output.matchAll(new RegExp(`\\[  ${word}  \\] (\\d+) test`, 'g'))].reduce((sum, [, number]) => sum + Number(number), 0);

// A sanitizer's report at exit, a crash or a time-out fails the binary whatever cmocka said.
function judge({ code, signal, output }) {
  const passed = count(output, 'PASSED');
  const failed = count(output, 'FAILED');
  const isSound = code === 0 && !signal && passed > 0;
  return { passed, failed: failed || (isSound ? 0 : 1) };
}

let passed = 0;
let failed = 0;
const waiting = [...binaries];
async function work() {
  for (let binary = waiting.shift(); binary; binary = waiting.shift()) {
    const result = await run(binary);
    const verdict = judge(result);
    passed += verdict.passed;
    failed += verdict.failed;
    const note = result.output.match(/^note: .*$/gm) ?? []; // e.g. that the vectors are missing
    if (verdict.failed) console.log(`FAILED ${binary} (${result.signal ?? result.code})\n${result.output}`);
    else if (result.ms > 5_000) console.log(`ok     ${binary} (${verdict.passed} tests, ${(result.ms / 1000).toFixed(1)} s)`);
    for (const line of note) console.log(line);
  }
}
await Promise.all(Array.from({ length: Math.max(1, os.cpus().length) }, work));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || passed === 0 ? 1 : 0;
