// Steps one after the other, each with its own "N passed, N failed" as its last line; at the end one
// line that sums them up. A step that prints none, or fails, counts as failed.

import { spawn } from 'node:child_process';

function run(command, args, env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    let output = '';
    child.stdout.on('data', (bytes) => {
      process.stdout.write(bytes);
      output += bytes;
    });
    child.on('close', (code) => resolve({ code, output }));
  });
}

// steps: [title, command, arguments, {isBuild, env}]; a build tells no result, and ends all when it fails.
export async function runSteps(steps) {
  let passed = 0;
  let failed = 0;
  for (const [title, command, args, { isBuild = false, env = {} } = {}] of steps) {
    console.log(`\n=== ${title}`);
    const { code, output } = await run(command, args, env);
    const line = output.trimEnd().split('\n').at(-1).match(/^(\d+) passed, (\d+) failed/);
    passed += line ? Number(line[1]) : 0;
    failed += line ? Number(line[2]) : 0;
    const isSilent = !isBuild && !line;
    if (isSilent || (code !== 0 && !(line && Number(line[2]) > 0))) {
      console.log(`${title}: ended with status ${code}${isSilent ? ' and told no result' : ''}`);
      failed += 1;
    }
    if (isBuild && code !== 0) break;
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed ? 1 : 0;
}
