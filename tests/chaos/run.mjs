// Constant work while things break: node tests/chaos/run.mjs SECONDS (60 where nothing is said). Two of every service on
// one PostgreSQL with its standby and one object store, people at work through the pages' client, one fault after the other. At the end
// everything that was acknowledged is looked at from outside, and the report says what was lost. It stops by itself.
// SM_CHAOS_SEED repeats the order of a run's faults; SM_CHAOS_HANDS: how many people at once (5). An hour of five sends some
// ten thousand messages, and looking at each of them at the end takes half an hour.

import crypto from 'node:crypto';

import { Pair } from '../system/support/pair.mjs';
import { startWorld } from '../system/support/world.mjs';
import { check } from './check.mjs';
import { databaseSettings, smallDisks } from './disks.mjs';
import { Faults, setClock } from './faults.mjs';
import { People } from './people.mjs';
import { TwoHosts } from './two_hosts.mjs';

const HANDS = Number(process.env.SM_CHAOS_HANDS ?? 5);
const SETTLE_CLOCK_MS = 60 * 60_000;

const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.env.SM_CHAOS_SEED ?? crypto.randomInt(1 << 30));
if (!(seconds > 0)) throw new Error('usage: node tests/chaos/run.mjs SECONDS');

let state = seed;
const random = (bound) => Math.floor(((state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32) * bound);
const said = (counts) => Object.entries(counts).sort().map(([name, count]) => `${name} ${count}`).join(', ');
const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);

const means = { disk: null, databaseDisks: null, hosts: TwoHosts.make() };
process.once('exit', () => means.hosts?.undo());
const world = await startWorld({
  makeCluster: (folder) => Pair.of(folder, { fsync: true, settings: databaseSettings, isBySocket: true }),
  replicas: { gateway: 2, crypto: 2, notifier: 2, retention: 2, audit: 2 },
  env: { retention: { SECURE_MAIL_RETENTION_INTERVAL_S: '2' }, audit: { SECURE_MAIL_CHECKPOINT_INTERVAL_S: '1' }, notifier: { SECURE_MAIL_SMTP_TIMEOUT_S: '5' } },
  net: means.hosts,
  makeReady(folder) {
    const { objects, databases, undo } = smallDisks(folder, seconds);
    Object.assign(means, { disk: objects, databaseDisks: databases });
    return undo;
  },
});
// Somebody ends the run: what it made goes with it.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void world.stop().catch(() => {}).finally(() => process.exit(1)));
const people = new People(world, random);
const faults = new Faults(world, random, means);
const withouts = [means.disk ? null : 'a full disk', means.hosts ? null : 'a cut bus (processes stand still instead)'].filter(Boolean);
let losses = ['the run did not come to its end'];
try {
  console.log(`chaos for ${seconds} s, SM_CHAOS_SEED=${seed}${withouts.length ? `, without ${withouts.join(' and ')}: that needs root` : ''}`);
  await people.enter();
  const end = Date.now() + seconds * 1000;
  const isOver = () => Date.now() > end;
  await Promise.all([people.work(isOver, HANDS), faults.go(isOver)]);
  setClock(world, SETTLE_CLOCK_MS); // what waits for a later try is due
  for (const home of Object.keys(world.people)) await world.login(home);
  await people.signIn();
  losses = await check(world, people);
  for (const what of ['send', 'open', 'reply', 'revoke', 'delete'])
    if (!people.done[what]) losses.push(`${what}: asked ${people.asked[what] ?? 0} times and never acknowledged: nothing was shown`);
} finally {
  console.log(`faults: ${sum(faults.counts)} (${said(faults.counts)})`);
  console.log(`operations: ${sum(people.asked)} asked (${said(people.asked)}), ${sum(people.done)} acknowledged (${said(people.done)})`);
  console.log(`answers that were none: ${said(people.failures) || 'none'}`);
  console.log(`losses: ${losses.length}`);
  for (const loss of losses.slice(0, 50)) console.log(`  ${loss}`);
  await world.stop().catch((error) => losses.push(error.message));
}
console.log(losses.length ? '0 passed, 1 failed' : '1 passed, 0 failed');
process.exit(losses.length ? 1 : 0);
