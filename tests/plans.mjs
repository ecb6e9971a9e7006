// Every statement of ours that the test binaries before this executed has a plan that costs what is asked for, not
// what is stored: no table is read from end to end and nothing is sorted whole, but for what the tables below name.
// Planned as our connections plan (lib/db/connection.c), over empty tables: with sequential scans off one is
// taken only where no index serves. (An index that is gone through as a whole is not seen: over empty tables it costs as
// little as a look.) Usage: node tests/plans.mjs FROM
// FROM: the size of the cluster's log before the binaries ran.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

// Read from end to end, and small by their nature.
const SMALL = {
  hpke_key: 'some hours of keys', service_key: 'a row for each purpose and version', organisation_key: 'a row for each organisation and version',
  key_check: 'a row for each version', totp: 'users', report: 'replicas', run: 'restores', erasure: 'of a restore', logged: 'restores',
  mail_job: 'a queue that is empty soon',
};
// Sorted whole: what there is of it.
const SORTED = {
  anchor_readers: 'users of an organisation', administrators_lock: 'users of an organisation', users_list: 'users of an organisation', rotate_totp_take: 'users of an organisation',
  ending_links: 'links of a message', retire_links: 'links of a message', gateway_recipients: 'links of a message', thread_find: 'a thread, whose depth is bounded',
  audit_replay_next: 'what a restore erases again', audit_erase_journal: 'what a restore erases again',
  audit_query_disclosures: 'a page', audit_epoch_runs: 'restores', suite_last_restore: 'restores', status_keys: 'keys', key_status: 'keys',
  hpke_key_read: 'keys', rotate_service_key_take: 'keys', rotate_organisation_key_take: 'keys',
};
// What a scan must be narrowed by, where another index would serve too, at the cost of all that is stored.
const THROUGH = { rotate_message_take: 'SUBSTRING', rotate_message_behind: 'SUBSTRING' };
const LEAST = 200; // statements that the binaries execute, or this looked at nothing
const SESSION = fs.readFileSync('lib/db/connection.c', 'utf8').match(/-c enable_[^"]*/)[0].match(/(?<=-c )\S+/g);

if (!SESSION.includes('plan_cache_mode=force_generic_plan')) throw new Error('our connections plan otherwise than this looks: NULL for each parameter would hide what is read');

const all = (folders, pattern) => new Set(folders.flatMap((folder) => fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
  const name = path.join(folder, entry.name);
  if (entry.isDirectory()) return [...all([name], pattern)];
  return /\.(c|h|inc)$/.test(name) ? [...fs.readFileSync(name, 'utf8').matchAll(pattern)].map(([, word]) => word) : [];
})));

function said(from) {
  const log = fs.readFileSync(execFileSync('tests/support/cluster', ['said']).toString().trim());
  return log.subarray(from <= log.length ? from : 0).toString(); // shorter: the cluster was made anew
}

// The latest text of each by its name; not those that tests ask.
function executed(log) {
  const ofTests = all(['tests'], /"([a-z0-9_]+)",\s*"[A-Z]{2,} /g);
  const found = new Map();
  for (const [, name, text] of log.matchAll(/^\S+ \S+ \S+ \[\d+\] LOG: {2}execute ([a-z0-9_]+): ([^]*?)(?=\n\S|\n?$)/gm))
    if (!ofTests.has(name) && !/^(BEGIN|COMMIT|ROLLBACK|LISTEN|SET)/.test(text)) found.set(name, text);
  return found;
}

function plans(statements) {
  const name = `plans_${process.pid}`;
  const host = execFileSync('tests/support/cluster', ['create', name]).toString().trim();
  const settings = SESSION.map((each) => `SET ${each.replace('=', ' = ')};`).join('\n');
  const asked = [...statements].map(([statement, text]) => {
    const count = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
    const values = count ? `(${Array(count).fill('NULL').join(', ')})` : '';
    return `\\echo @@ ${statement}\nPREPARE asked AS ${text};\nEXPLAIN EXECUTE asked${values};\nDEALLOCATE asked;`;
  });
  try {
    const input = `${settings}\n${asked.join('\n')}\n`;
    const said = execFileSync('psql', ['-X', '-q', '-A', '-t', '-h', host, '-U', 'postgres', name], { input, stdio: ['pipe', 'pipe', 'ignore'], maxBuffer: 1 << 28 });
    return said.toString().split('@@ ').slice(1).map((part) => part.split(/\n([^]*)/));
  } finally {
    execFileSync('tests/support/cluster', ['drop', name], { stdio: 'ignore' });
  }
}

function faults(statement, plan) {
  if (!plan.includes('(cost=')) return [`${statement}: no plan`];
  const read = [...plan.matchAll(/Seq Scan on (\w+)/g)].map(([, table]) => table).filter((table) => !SMALL[table]);
  const isSorted = /(^|> +|\n *)Sort {2}/.test(plan) && !SORTED[statement];
  const wanted = THROUGH[statement];
  const isNarrow = !wanted || plan.split('\n').some((line) => line.includes('Index Cond') && line.includes(wanted));
  return [
    ...read.map((table) => `${statement}: no index serves, ${table} is read from end to end`),
    ...(isSorted ? [`${statement}: all that it finds is sorted`] : []),
    ...(isNarrow ? [] : [`${statement}: no index is asked by ${wanted}`]),
  ];
}

if (process.env.SM_TEST_PG) {
  console.log('note: left out, because SM_TEST_PG names a cluster whose log is not ours\n0 passed, 0 failed');
} else {
  const statements = executed(said(Number(process.argv[2] ?? 0)));
  const wrong = plans(statements).flatMap(([statement, plan]) => faults(statement, plan));
  if (statements.size < LEAST) wrong.push(`only ${statements.size} statements were executed`);
  for (const each of wrong) console.log(`FAILED ${each}`);
  console.log(`${statements.size - wrong.length} passed, ${wrong.length} failed`);
  process.exitCode = wrong.length ? 1 : 0;
}
