// Runs the tests of deploy/alerts.yml; they need promtool. Usage: node tests/alerts/run.mjs [part of a file name ...]

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { runFiles } from '../support/run-files.mjs';

await runFiles(path.dirname(fileURLToPath(import.meta.url)), { wanted: process.argv.slice(2) });
