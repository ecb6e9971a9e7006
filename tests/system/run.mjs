// Runs the system tests, one file after the other (each has a stack of its own), and ends with one
// line. Usage: node tests/system/run.mjs [part of a file name ...]
// SM_TEST_MODE chooses the build: testing (default) or asan.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
// Processes that are killed with SIGKILL have nothing to tell a sanitizer; the others pass the same code.
const withoutSanitizers = /^06_/;
const files = fs
  .readdirSync(here)
  .filter((name) => name.endsWith('.test.mjs'))
  .filter((name) => process.env.SM_TEST_MODE !== 'asan' || !withoutSanitizers.test(name))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort();

function runFile(file) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--test-reporter=tap', path.join(here, file)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (bytes) => (output += bytes));
    child.on('close', (code) => resolve({ code, output }));
  });
}

// Of node:test's TAP: the top-level results, with what went wrong.
function tally(output) {
  const count = (word) => Number(output.match(new RegExp(`^# ${word} (\\d+)$`, 'm'))?.[1] ?? 0);
  return { passed: count('pass'), failed: count('fail') + count('cancelled') };
}

let passed = 0;
let failed = 0;
for (const file of files) {
  const start = Date.now();
  const { code, output } = await runFile(file);
  const result = tally(output);
  if (code !== 0 && result.failed === 0) result.failed = 1;
  passed += result.passed;
  failed += result.failed;
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${result.failed ? 'FAILED' : 'ok    '} ${file.replace('.test.mjs', '')} (${result.passed} tests, ${seconds} s)`);
  for (const line of output.match(/^# (?!tests|suites|pass|fail|cancelled|skipped|todo|duration|Subtest).*$/gm) ?? []) console.log(`  ${line.slice(2)}`);
  for (const reason of new Set(output.match(/# SKIP .*$/gm) ?? [])) console.log(`  skipped: ${reason.slice(7)}`);
  if (result.failed) console.log(output);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || passed === 0 ? 1 : 0;
