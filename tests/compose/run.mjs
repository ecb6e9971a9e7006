// Builds the images, starts docker-compose.yml on the engine that is running, uses it from outside, and
// takes everything down again. Without an engine it says so and is skipped, or fails where SM_NEED_CONTAINERS=yes.
// Usage: node tests/compose/run.mjs    (make test-compose; the command line must be in build/release/bin)

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { composeCommands } from '../support/compose-commands.mjs';
import { runFiles } from '../support/run-files.mjs';

// Why it cannot run here; null when it can.
function missing() {
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore' });
  } catch {
    return 'no Docker engine answers (docker info)';
  }
  return composeCommands().length ? null : 'neither `docker compose` nor docker-compose is installed';
}

const reason = missing();
if (reason) {
  console.log(`Skipped: the deployment was not tested, because ${reason}.`);
  console.log('0 passed, 0 failed, skipped');
  if (process.env.SM_NEED_CONTAINERS === 'yes') {
    console.error('SM_NEED_CONTAINERS=yes: what is skipped has failed.');
    process.exitCode = 1;
  }
} else {
  await runFiles(path.dirname(fileURLToPath(import.meta.url)), { wanted: process.argv.slice(2) });
}
