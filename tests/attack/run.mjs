// Runs the attacks of SECURITY.md section 7, one file after the other, and ends with one line.
// Usage: node tests/attack/run.mjs [part of a file name ...]; SM_TEST_MODE as for tests/system.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { runFiles } from '../support/run-files.mjs';

await runFiles(path.dirname(fileURLToPath(import.meta.url)), { wanted: process.argv.slice(2) });
