#!/usr/bin/env node
// `make test`: everything, in order from quick to slow, and one last line that sums it up.
// Each step prints its own "N passed, N failed"; a step that prints none, or fails, counts as failed.

import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

const STEPS = [
  ['unit and contract tests', 'make', ['-s', 'check']],
  ['programs with fail points', 'make', ['-s', 'MODE=testing', 'all'], { isBuild: true }],
  ['system tests', 'node', ['tests/system/run.mjs']],
];

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (bytes) => {
      process.stdout.write(bytes);
      output += bytes;
    });
    child.on('close', (code) => resolve({ code, output }));
  });
}

let passed = 0;
let failed = 0;
for (const [title, command, args, { isBuild = false } = {}] of STEPS) {
  console.log(`\n=== ${title}`);
  const { code, output } = await run(command, args);
  const line = output.trimEnd().split('\n').at(-1).match(/^(\d+) passed, (\d+) failed/);
  passed += line ? Number(line[1]) : 0;
  failed += line ? Number(line[2]) : 0;
  const isSilent = !isBuild && !line;
  if (isSilent || (code !== 0 && !(line && Number(line[2]) > 0))) {
    console.log(`${title}: ended with status ${code}${isSilent ? ' and told no result' : ''}`);
    failed += 1;
  }
  if (isBuild && code !== 0) break;
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
