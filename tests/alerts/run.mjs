// Runs the tests of deploy/alerts.yml; they need promtool. Usage: node tests/alerts/run.mjs [part of a file name ...]

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { runFiles } from '../support/run-files.mjs';
import { isThere } from './support/promtool.mjs';

if (isThere()) await runFiles(path.dirname(fileURLToPath(import.meta.url)), { wanted: process.argv.slice(2) });
else {
  console.log('FAILED: promtool is not there, so no alert rule was tested. dev/setup test puts it into var/tools.');
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
