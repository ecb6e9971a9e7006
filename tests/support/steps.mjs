// Steps one after the other, each with its own "N passed, N failed" as its last line; at the end one
// line that sums them up. A step that prints none, or fails, counts as failed.

import { spawn } from 'node:child_process';

// What it says is shown as it comes, or, of steps side by side, when it has ended.
function run([title, command, args, { env = {} } = {}], isAlone) {
  const heading = `\n=== ${title}\n`;
  if (isAlone) process.stdout.write(heading);
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
    let output = '';
    child.stdout.on('data', (bytes) => {
      if (isAlone) process.stdout.write(bytes);
      output += bytes;
    });
    child.on('close', (code) => {
      if (!isAlone) process.stdout.write(heading + output);
      resolve({ code, output });
    });
  });
}

async function runOne(step, isAlone) {
  const [title, , , { isBuild = false } = {}] = step;
  const { code, output } = await run(step, isAlone);
  const line = output.trimEnd().split('\n').at(-1).match(/^(\d+) passed, (\d+) failed/);
  const result = { passed: line ? Number(line[1]) : 0, failed: line ? Number(line[2]) : 0, isEnd: isBuild && code !== 0 };
  const isSilent = !isBuild && !line;
  if (isSilent || (code !== 0 && result.failed === 0)) {
    console.log(`${title}: ended with status ${code}${isSilent ? ' and told no result' : ''}`);
    result.failed += 1;
  }
  return result;
}

// One step after the other; the results of all of them.
async function runRow(row, isAlone) {
  const results = [];
  for (const step of row) {
    results.push(await runOne(step, isAlone));
    if (results.at(-1).isEnd) break;
  }
  return results;
}

// steps: [title, command, arguments, {isBuild, env}]; a build tells no result, and ends all when it fails.
// {sideBySide: [steps, steps]}: rows of steps that do not disturb each other.
export async function runSteps(steps) {
  const results = [];
  for (const step of steps) {
    const rows = step.sideBySide ?? [[step]];
    results.push(...(await Promise.all(rows.map((row) => runRow(row, rows.length === 1)))).flat());
    if (results.some((each) => each.isEnd)) break;
  }
  const sum = (name) => results.reduce((total, each) => total + each[name], 0);
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed`);
  process.exitCode = sum('failed') ? 1 : 0;
}
