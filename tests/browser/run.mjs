// Runs the tests in Chromium, one file after the other. Usage: node tests/browser/run.mjs [part of a file name ...]
// Screenshots are kept in tests/output.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { runFiles } from '../support/run-files.mjs';

await runFiles(path.dirname(fileURLToPath(import.meta.url)), { wanted: process.argv.slice(2) });
