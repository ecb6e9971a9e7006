// Runs the tests of web/ that need no browser. Usage: node tests/web/run.mjs [--fast] [part of a file name ...]
// --fast leaves out those that start the services.

import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { runFiles } from '../support/run-files.mjs';

const wanted = process.argv.slice(2);
await runFiles(path.dirname(fileURLToPath(import.meta.url)), {
  wanted: wanted.filter((each) => each !== '--fast'),
  isLeftOut: (name) => wanted.includes('--fast') && name.includes('on_the_stack'),
});
