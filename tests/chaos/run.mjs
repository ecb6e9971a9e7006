// Constant work while things break: node tests/chaos/run.mjs SECONDS (60 where nothing is said). Two of every service on
// one PostgreSQL with its standby and one object store, people at work through the pages' client, one fault after the other:
// first each kind once, which is done to its end also where SECONDS are over, then by lot. At the end everything that was
// acknowledged is looked at from outside, and the report says what was lost. It stops by itself.
// SM_CHAOS_SEED repeats the order of a run's faults; SM_CHAOS_HANDS: how many people at once (5). An hour of five sends some
// ten thousand messages, and looking at each of them at the end takes half an hour.

import crypto from 'node:crypto';

import { Pair } from '../system/support/pair.mjs';
import { startWorld } from '../system/support/world.mjs';
import { check } from './check.mjs';
import { databaseSettings, smallDisks } from './disks.mjs';
import { Faults, setClock } from './faults.mjs';
import { People } from './people.mjs';
import * as report from './report.mjs';
import { TwoHosts } from './two_hosts.mjs';

const HANDS = Number(process.env.SM_CHAOS_HANDS ?? 5);
const SETTLE_CLOCK_MS = 60 * 60_000;
const ROUND_S = 180; // at least so much lasts what a disk must have room for

const seconds = Number(process.argv[2] ?? 60);
const seed = Number(process.env.SM_CHAOS_SEED ?? crypto.randomInt(1 << 30));
if (!(seconds > 0)) throw new Error('usage: node tests/chaos/run.mjs SECONDS');

// Faults and people draw from lots of their own: how fast people work does not change the order of the faults.
function lots(state) {
  return (bound) => Math.floor(((state = (Math.imul(state, 1103515245) + 12345) >>> 0) / 2 ** 32) * bound);
}

const { hosts, why: noHosts } = TwoHosts.make();
process.once('exit', () => hosts?.undo());
const means = { hosts };
const leftOut = hosts ? [] : [{ what: 'the bus cut (processes stand still instead)', why: noHosts }];
const world = await startWorld({
  makeCluster: (folder) => Pair.of(folder, { fsync: true, settings: databaseSettings, isBySocket: true }),
  replicas: { gateway: 2, crypto: 2, notifier: 2, retention: 2, audit: 2 },
  env: { retention: { SECURE_MAIL_RETENTION_INTERVAL_S: '2' }, audit: { SECURE_MAIL_CHECKPOINT_INTERVAL_S: '1' }, notifier: { SECURE_MAIL_SMTP_TIMEOUT_S: '5' } },
  net: hosts,
  makeReady(folder) {
    const { objects, databases, undo, why } = smallDisks(folder, Math.max(seconds, ROUND_S));
    Object.assign(means, { disk: objects, databaseDisks: databases });
    if (why) leftOut.push({ what: 'full disks', why });
    return undo;
  },
});
if (report.isTooLittle(leftOut)) {
  await world.stop();
  report.sayLeftOut(leftOut);
  console.log('0 passed, 1 failed');
  process.exit(1);
}
const people = new People(world, lots(seed));
const faults = new Faults(world, lots(~seed), means);
// Somebody ends the run: what it made goes with it.
const end = () => faults.leaveOff().then(() => world.stop()).catch(() => {}).finally(() => process.exit(1));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void end());
let losses = ['the run did not come to its end'];
try {
  console.log(`chaos for ${seconds} s, SM_CHAOS_SEED=${seed}`);
  await people.enter();
  const until = Date.now() + seconds * 1000;
  const isOver = () => Date.now() > until;
  await Promise.all([people.work(() => isOver() && faults.isRoundDone, HANDS), faults.go(isOver)]);
  const unshown = report.unshown(people, faults);
  setClock(world, SETTLE_CLOCK_MS); // what waits for a later try is due
  for (const home of Object.keys(world.people)) await world.login(home);
  await people.signIn();
  people.forgetCodes();
  losses = [...unshown, ...(await check(world, people))];
} finally {
  report.say(people, faults, losses);
  await world.stop().catch((error) => losses.push(error.message));
}
report.sayLeftOut(leftOut);
console.log(losses.length ? '0 passed, 1 failed' : '1 passed, 0 failed');
process.exit(losses.length ? 1 : 0);
