#!/usr/bin/env node
// `make test`: everything, in order from quick to slow, and one last line that sums it up.

import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { runSteps } from './support/steps.mjs';

process.chdir(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

const jobs = `-j${os.cpus().length}`;
const apart = { env: { SM_TEST_PORTS: '20000-29999' } };

await runSteps([
  ['unit and contract tests, web without a browser', 'make', ['-s', jobs, 'check']],
  ['programs with fail points', 'make', ['-s', jobs, 'MODE=testing', 'all', 'attacker'], { isBuild: true }],
  {
    // They wait more than they work: half the time, with ports of their own.
    sideBySide: [
      [['system tests', 'node', ['tests/system/run.mjs'], { env: { SM_TEST_PORTS: '11000-19999' } }]],
      [
        ['attacks', 'node', ['tests/attack/run.mjs'], apart],
        ['web on the stack', 'node', ['tests/web/run.mjs', 'on_the_stack'], apart],
        ['pages in Chromium', 'node', ['tests/browser/run.mjs'], apart],
      ],
    ],
  },
]);
