// docs/runbook.md: each block is run by a test (`sh tested=NAME`, by Deployment.runbook in tests/compose), holds settings
// (`env`), or stands in the table below with the reason. Prints what does not hold; exit code 1 then.
// Usage: node tests/support/runbook-holds.mjs

import fs from 'node:fs';
import path from 'node:path';

const FOLDER = 'tests/compose';
// A block by its first line.
const NOT_RUN = {
  'cp .env.example .env && make master-key >> .env && docker-compose up':
    'it stays in the foreground: the tests do its three steps, with their own ports and relay in .env',
  "docker-compose exec crypto securemail-admin org create --name 'Clinic West' --language nl":
    'it asks for a password at a terminal: the tests run both commands and hand it in',
  'git checkout RELEASE && make web && make verify-bundle URL=https://mail.example.org':
    'it names a release and a public address: system/13 runs the comparison',
};

const faults = [];
const names = [];
const left = new Set(Object.keys(NOT_RUN));

const holds = {
  env(content) {
    for (const line of content.split('\n').filter(Boolean)) if (!/^[A-Z0-9_]+=\S/.test(line)) faults.push(`this is no setting: ${line}`);
  },
  sh(content, tested) {
    if (tested) names.push(tested);
    else if (!left.delete(content.split('\n')[0])) faults.push(`no test runs the block that begins with: ${content.split('\n')[0]}`);
  },
};

const page = fs.readFileSync('docs/runbook.md', 'utf8');
for (const [, info, content] of page.matchAll(/^```(.*)\n([^]*?)^```$/gm)) {
  const [, language, tested] = info.match(/^(\w+)(?: tested=([a-z-]+))?$/) ?? [];
  if (holds[language]) holds[language](content, tested);
  else faults.push(`a block begins with \`\`\`${info}; it is \`\`\`sh tested=NAME, \`\`\`sh or \`\`\`env`);
}

const tests = fs.readdirSync(FOLDER).filter((name) => name.endsWith('.test.mjs')).map((name) => fs.readFileSync(path.join(FOLDER, name), 'utf8'));
const used = new Set(tests.flatMap((text) => [...text.matchAll(/\.runbook\('([a-z-]+)'/g)].map(([, name]) => name)));
if (names.length === 0) faults.push('no block is tested at all');
for (const name of new Set(names)) {
  if (!used.has(name)) faults.push(`no test in ${FOLDER} runs the block tested=${name}`);
  if (names.indexOf(name) !== names.lastIndexOf(name)) faults.push(`two blocks are tested=${name}`);
}
for (const name of used) if (!names.includes(name)) faults.push(`a test in ${FOLDER} runs tested=${name}, which is not there`);
for (const line of left) faults.push(`the table of tests/support/runbook-holds.mjs has a block that is not there: ${line}`);

for (const each of faults) console.log(`lint: docs/runbook.md: ${each}`);
process.exitCode = faults.length ? 1 : 0;
