// Runs a folder's node:test files one after the other and ends with one line, "N passed, N failed".

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

function runFile(file) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--test-reporter=tap', file], { stdio: ['ignore', 'pipe', 'inherit'] });
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

// What failed, with its reason, and nothing of what passed: a long log is cut where it is kept. All of it where a file
// ended otherwise.
function failuresIn(output) {
  const failures = output.match(/^not ok [^]*?^ {2}\.\.\.$/gm);
  return failures ? failures.join('\n') : output;
}

// wanted: parts of file names, empty for all; isLeftOut: of a file's name.
export async function runFiles(folder, { wanted = [], isLeftOut = () => false } = {}) {
  const files = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.test.mjs') && !isLeftOut(name))
    .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
    .sort();
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    const start = Date.now();
    const { code, output } = await runFile(path.join(folder, file));
    const result = tally(output);
    if (code !== 0 && result.failed === 0) result.failed = 1;
    passed += result.passed;
    failed += result.failed;
    const seconds = ((Date.now() - start) / 1000).toFixed(1);
    console.log(`${result.failed ? 'FAILED' : 'ok    '} ${file.replace('.test.mjs', '')} (${result.passed} tests, ${seconds} s)`);
    for (const line of output.match(/^note: .*$/gm) ?? []) console.log(`  ${line}`);
    for (const line of output.match(/^# (?!tests|suites|pass|fail|cancelled|skipped|todo|duration|Subtest).*$/gm) ?? []) console.log(`  ${line.slice(2)}`);
    for (const reason of new Set(output.match(/# SKIP .*$/gm) ?? [])) console.log(`  skipped: ${reason.slice(7)}`);
    if (result.failed) console.log(failuresIn(output));
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed || passed === 0 ? 1 : 0;
}
