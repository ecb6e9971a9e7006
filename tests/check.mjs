// `make check`: the test binaries, the plans of what they asked the database, both verifiers of the log over the same files, then the fast tests of web/;
// one last line sums all up. Usage: node tests/check.mjs INTEROP-PROGRAM SECUREMAIL-VERIFY BINARY ...

import path from 'node:path';

import { runSteps } from './support/steps.mjs';

const [interop, verifier, ...binaries] = process.argv.slice(2);

await runSteps([
  ['test binaries', 'node', ['tests/run-binaries.mjs', ...binaries]],
  ['plans of statements', 'node', ['tests/plans.mjs']],
  ['both verifiers of the log', 'python3', ['tests/verifier/test_verifiers.py', verifier]],
  ['web, without a browser', 'node', ['tests/web/run.mjs', '--fast'], { env: { SM_TEST_INTEROP: path.resolve(interop) } }],
]);
