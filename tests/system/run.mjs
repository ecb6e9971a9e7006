// Runs the system tests, one file after the other (each has a stack of its own), and ends with one
// line. Usage: node tests/system/run.mjs [part of a file name ...]
// SM_TEST_MODE chooses the build: testing (default) or asan.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { runFiles } from '../support/run-files.mjs';

// Processes that are killed with SIGKILL have nothing to tell a sanitizer; the others pass the same code.
const withoutSanitizers = /^(06|16)_/;

await runFiles(path.dirname(fileURLToPath(import.meta.url)), {
  wanted: process.argv.slice(2),
  isLeftOut: (name) => process.env.SM_TEST_MODE === 'asan' && withoutSanitizers.test(name),
});
