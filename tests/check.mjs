// `make check`: the test binaries, then the fast tests of web/; one last line sums both up.
// Usage: node tests/check.mjs INTEROP-PROGRAM BINARY ...

import path from 'node:path';

import { runSteps } from './support/steps.mjs';

const [interop, ...binaries] = process.argv.slice(2);

await runSteps([
  ['test binaries', 'node', ['tests/run-binaries.mjs', ...binaries]],
  ['web, without a browser', 'node', ['tests/web/run.mjs', '--fast'], { env: { SM_TEST_INTEROP: path.resolve(interop) } }],
]);
