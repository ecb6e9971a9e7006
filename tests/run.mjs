#!/usr/bin/env node
// `make test`: everything, in order from quick to slow, and one last line that sums it up.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { runSteps } from './support/steps.mjs';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

await runSteps([
  ['unit and contract tests, web without a browser', 'make', ['-s', 'check']],
  ['programs with fail points', 'make', ['-s', 'MODE=testing', 'all', 'attacker'], { isBuild: true }],
  ['system tests', 'node', ['tests/system/run.mjs']],
  ['attacks', 'node', ['tests/attack/run.mjs']],
  ['web on the stack', 'node', ['tests/web/run.mjs', 'on_the_stack']],
  ['pages in Chromium', 'node', ['tests/browser/run.mjs']],
]);
