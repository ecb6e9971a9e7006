// docs/runbook.md: each block is run by a test (`sh tested=NAME`: runbook, runbookBlock and so on in the folders below), holds
// settings (`env`), or stands in the first table with the reason. Each command within a sentence stands in such a block too, is
// run by a test (runbookLine), or stands in the second table with the test that does the same in other words. Prints what does
// not hold; exit code 1 then. Usage: node tests/support/runbook-holds.mjs

import fs from 'node:fs';
import path from 'node:path';

const FOLDERS = ['tests/compose', 'tests/system'];
// A block by its first line.
const BLOCKS_NOT_RUN = {
  "docker-compose exec crypto securemail-admin org create --name 'Clinic West' --language nl":
    'it asks for a password at a terminal: the tests run both commands and hand it in',
  'git checkout RELEASE && make web && make verify-bundle URL=https://mail.example.org':
    'it names a release and a public address: tests/system/18 runs the comparison',
};
// A command by its words: [the file that runs it, what it says there].
const RUN_IN_OTHER_WORDS = {
  'securemail-keys FOLDER next|use|drop PEER...': ['tests/system/25_bus_keys_change_while_all_work.test.mjs', "'securemail-keys'), [world.stack.path('keys'), name"],
  'SECUREMAIL_CA_FILE=tls.pem securemail login ...': ['tests/compose/support/deployment.mjs', "SECUREMAIL_CA_FILE: this.path('tls.pem')"],
  'deploy/bin/objects-to-s3 FOLDER': ['tests/system/24_ciphertext_in_an_object_server.test.mjs', "'objects-to-s3'"],
  'securemail-verify evidence.ndjson': ['tests/compose/the_suite_in_containers.test.mjs', "'securemail-verify', [deployment.path('evidence.ndjson')]"],
  'securemail-admin audit list': ['tests/system/08_an_exported_log_verifies.test.mjs', "'audit', 'list'"],
  'docker network inspect': ['tests/compose/the_suite_stands_behind_a_proxy.test.mjs', "docker('network', 'inspect'"],
  'docker network connect PROJECT_metrics-gateway prometheus': ['tests/compose/the_suite_is_watched_by_prometheus.test.mjs', "'--network', metricsNetwork("],
  'SELECT pg_promote()': ['tests/system/support/pair.mjs', "sql('SELECT pg_promote()')"],
};
const NAMES = ['docker compose']; // of programs, with a blank in them
const COMMAND = /^(?:[A-Z_]+=\S+ )*(?:docker|docker-compose|make|psql|SELECT|securemail[\w-]*|deploy\/bin\/\S+) /;

const faults = [];
const blocks = {}; // by name: those that are run
const read = (file) => fs.readFileSync(file, 'utf8');
const page = read('docs/runbook.md');
const tests = FOLDERS.flatMap((folder) => fs.readdirSync(folder).filter((name) => name.endsWith('.test.mjs')).map((name) => read(path.join(folder, name))));
const runByTests = (form) => new Set(tests.flatMap((text) => [...text.matchAll(form)].map(([, said]) => said)));

// --- blocks ---------------------------------------------------------------------------------------------
const left = new Set(Object.keys(BLOCKS_NOT_RUN));
const holds = {
  env(content) {
    for (const line of content.split('\n').filter(Boolean)) if (!/^[A-Z0-9_]+=\S/.test(line)) faults.push(`this is no setting: ${line}`);
  },
  sh(content, tested) {
    if (tested in blocks) faults.push(`two blocks are tested=${tested}`);
    else if (tested) blocks[tested] = content;
    else if (!left.delete(content.split('\n')[0])) faults.push(`no test runs the block that begins with: ${content.split('\n')[0]}`);
  },
};
const BLOCK = /^```(.*)\n([^]*?)^```$/gm;
for (const [, info, content] of page.matchAll(BLOCK)) {
  const [, language, tested] = info.match(/^(\w+)(?: tested=([a-z-]+))?$/) ?? [];
  if (holds[language]) holds[language](content, tested);
  else faults.push(`a block begins with \`\`\`${info}; it is \`\`\`sh tested=NAME, \`\`\`sh or \`\`\`env`);
}

const used = runByTests(/\brunbook(?:Block)?\('([a-z-]+)'/g);
const names = Object.keys(blocks);
if (names.length === 0) faults.push('no block is tested at all');
for (const name of names) if (!used.has(name)) faults.push(`no test in ${FOLDERS.join(' or ')} runs the block tested=${name}`);
for (const name of used) if (!names.includes(name)) faults.push(`a test runs tested=${name}, which is not there`);
for (const line of left) faults.push(`the table of tests/support/runbook-holds.mjs has a block that is not there: ${line}`);

// --- commands within sentences --------------------------------------------------------------------------
const lines = runByTests(/\brunbookLine\('([^']+)'/g);
const inSentences = [...page.replaceAll(BLOCK, '').matchAll(/`([^`]+)`/g)].map(([, words]) => words.replaceAll('\n', ' '))
  .filter((words) => COMMAND.test(words) && !NAMES.includes(words));
const isRun = (command) => lines.has(command) || command in RUN_IN_OTHER_WORDS || Object.values(blocks).some((content) => content.includes(command));
for (const command of new Set(inSentences)) if (!isRun(command)) faults.push(`no test runs what stands within a sentence: ${command}`);
for (const line of lines) if (!inSentences.includes(line)) faults.push(`a test runs "${line}", which is not there`);
for (const [command, [file, words]] of Object.entries(RUN_IN_OTHER_WORDS)) {
  if (!inSentences.includes(command)) faults.push(`the table of tests/support/runbook-holds.mjs has a command that is not there: ${command}`);
  if (!read(file).includes(words)) faults.push(`${file} does not run ${command}: it has no ${words}`);
}

for (const each of faults) console.log(`lint: docs/runbook.md: ${each}`);
process.exitCode = faults.length ? 1 : 0;
