// `make check`: the test binaries, the plans of what they asked the database, both verifiers of the log over the same files, the alert rules, then the
// fast tests of web/; one last line sums all up. Usage: node tests/check.mjs INTEROP-PROGRAM SECUREMAIL-VERIFY BINARY ...

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { runSteps } from './support/steps.mjs';

const [interop, verifier, ...binaries] = process.argv.slice(2);

const log = execFileSync('tests/support/cluster', ['said']).toString().trim();
const before = fs.existsSync(log) ? fs.statSync(log).size : 0;

await runSteps([
  ['test binaries', 'node', ['tests/run-binaries.mjs', ...binaries]],
  ['plans of statements', 'node', ['tests/plans.mjs', String(before)]],
  ['both verifiers of the log', 'python3', ['tests/verifier/test_verifiers.py', verifier]],
  ['alert rules', 'node', ['tests/alerts/run.mjs']],
  ['web, without a browser', 'node', ['tests/web/run.mjs', '--fast'], { env: { SM_TEST_INTEROP: path.resolve(interop) } }],
]);
