// What goes wrong, and how it is mended: a table. Each fault is made, lasts for a while, and is mended before the
// next one, so that the report can say what was going on.
// The clock that is stepped is clock.now() in the database: it is the product's one clock (DESIGN; docs/architecture.md),
// and decides about every lifetime, lock, code and later try. Those of the machines only bound waiting and stamp logs.

import fs from 'node:fs';
import path from 'node:path';

import { sleep } from '../../dev/stack.mjs';
import { within } from './within.mjs';

const STEP_MS = 10 * 60_000; // more than a time token may be ahead, and as much as a code lives
const MEET_MS = 20_000; // a relay's fault is none before somebody brings mail
const START_MS = 60_000;
const REFUSES = ['refuse-4xx', 'refuse-data-4xx'];
const HANGS = ['hang-at-recipient', 'hang-after-data'];
const BREAKS_OFF = ['drop', 'drop-after-data', 'away'];

// needs: what only root can have, a key of `means`; often: how many of the lots, after the first round. A strike
// that gives false met nobody, and is not counted.
const KINDS = [
  { name: 'a process killed -9', often: 3, strike: (faults) => faults.killOne() },
  { name: 'both of a kind killed -9', often: 1, strike: (faults) => faults.killBoth() },
  { name: 'a process stands still', often: 2, strike: (faults) => faults.stopOne() },
  { name: 'PostgreSQL killed -9', often: 1, strike: (faults) => faults.killPostmaster() },
  { name: 'PostgreSQL shut down at once', often: 1, strike: (faults) => faults.shutDatabase() },
  { name: 'PostgreSQL fails over', often: 1, strike: (faults) => faults.failOver() },
  { name: 'the mail relay refuses', often: 1, strike: (faults) => faults.spoilRelay(REFUSES, 3000) },
  { name: 'the mail relay hangs', often: 1, strike: (faults) => faults.spoilRelay(HANGS, 7000) }, // the notifier waits for 5 s
  { name: 'the mail relay breaks off', often: 1, strike: (faults) => faults.spoilRelay(BREAKS_OFF, 3000) },
  { name: 'the clock steps forward', often: 1, strike: (faults) => faults.stepClock(STEP_MS) },
  { name: 'the clock steps back', often: 1, strike: (faults) => faults.stepClock(-STEP_MS) },
  { name: 'the disk of the objects is full', needs: 'disk', often: 1, strike: (faults) => faults.fillDisk() },
  { name: "PostgreSQL's disk is full", needs: 'databaseDisks', often: 1, strike: (faults) => faults.fillDatabase() },
  { name: 'the bus is cut', needs: 'hosts', often: 2, strike: (faults) => faults.cutBus() },
];

export class Faults {
  // means: what only root can have: {disk, databaseDisks, hosts}; each may be null.
  constructor(world, random, means) {
    Object.assign(this, { world, random, ...means });
    this.kinds = KINDS.filter(({ needs }) => !needs || means[needs]);
    this.counts = Object.fromEntries(this.kinds.map(({ name }) => [name, 0]));
    this.isLeaving = false;
    this.roundS = null; // how long it took to make each kind once; null: they were not
  }

  pick(list) {
    return list[this.random(list.length)];
  }

  // Each kind once, in an order of this run's own, to the end of the round however long that takes; then by lot until `isOver`.
  async go(isOver) {
    const begun = Date.now();
    const missed = await this.each(this.shuffled(this.kinds));
    await this.each(missed); // who met nobody may try again
    this.roundS = Math.round((Date.now() - begun) / 1000);
    const lots = this.kinds.flatMap((kind) => Array(kind.often).fill(kind));
    while (!isOver() && !this.isLeaving) await this.each([this.pick(lots)]);
  }

  // Gives those that met nobody.
  async each(kinds) {
    const missed = [];
    for (const kind of kinds) {
      if (this.isLeaving) break;
      this.present = kind.strike(this);
      if ((await this.present) === false) missed.push(kind);
      else this.counts[kind.name] += 1;
      await sleep(300 + this.random(1200));
    }
    return missed;
  }

  get isRoundDone() {
    return this.roundS !== null;
  }

  /** Makes no other; resolves when the present one is mended, and so nothing is started any more. */
  async leaveOff() {
    this.isLeaving = true;
    await this.present?.catch(() => {});
  }

  shuffled(list) {
    const left = [...list];
    return list.map(() => left.splice(this.random(left.length), 1)[0]);
  }

  /** The kinds that could have struck and did not. */
  get missing() {
    return Object.keys(this.counts).filter((name) => this.counts[name] === 0);
  }

  // --- processes ----------------------------------------------------------------------------------

  async killOne() {
    const name = this.pick(this.world.stack.processes);
    await this.world.stack.killService(name);
    await sleep(this.random(2000));
    await this.world.stack.startService(name);
  }

  async killBoth() {
    const kind = this.pick(['gateway', 'crypto', 'notifier', 'retention', 'audit']);
    const names = this.world.stack.ofKind(kind);
    await Promise.all(names.map((name) => this.world.stack.killService(name)));
    await sleep(this.random(2000));
    for (const name of names) await this.world.stack.startService(name);
  }

  // As if its wire was cut: it answers nobody, and later goes on where it was.
  async stopOne() {
    const { process: child } = this.world.stack.running.get(this.pick(this.world.stack.processes));
    process.kill(child.pid, 'SIGSTOP');
    await sleep(500 + this.random(6000));
    process.kill(child.pid, 'SIGCONT');
  }

  // --- PostgreSQL ---------------------------------------------------------------------------------

  // The postmaster alone. What it started notices that and ends by itself, at work only when that is done.
  async killPostmaster() {
    const { active } = this.world.stack.cluster;
    await active.stop('SIGKILL');
    await sleep(this.random(2000));
    await startAgain(active);
  }

  // Without a checkpoint and without a word to who is connected, but all of it together.
  async shutDatabase() {
    const { active } = this.world.stack.cluster;
    await active.stop('SIGQUIT');
    await sleep(this.random(2000));
    await active.start();
  }

  // The standby takes over, and the one that died comes back as the standby.
  async failOver() {
    await this.world.stack.cluster.failOver();
    await sleep(this.random(2000));
    await this.world.stack.cluster.makeStandby();
  }

  // --- the relay and the clock --------------------------------------------------------------------

  async spoilRelay(behaviours, lastsMs) {
    const { smtp } = this.world.stack;
    const behaviour = this.pick(behaviours);
    const before = smtp.attempts;
    await smtp.behave(behaviour);
    const isMet = behaviour === 'away' || (await within(MEET_MS, () => smtp.attempts > before, 50));
    await sleep(1000 + this.random(lastsMs));
    await smtp.behave('accept');
    return isMet;
  }

  // Away from true time, and to it again: both are steps.
  async stepClock(ms) {
    setClock(this.world, ms);
    await sleep(1000 + this.random(2000));
    setClock(this.world, 0);
  }

  // --- what needs root ----------------------------------------------------------------------------

  async fillDisk() {
    const empty = fill(this.disk);
    await sleep(1000 + this.random(2000));
    empty();
  }

  // The one that writes, or its standby. It may give up (a log that cannot be written is the end of a server): then it
  // is started again when there is room, as its init system would.
  async fillDatabase() {
    const cluster = this.pick(this.world.stack.cluster.clusters);
    const empty = fill(cluster.home);
    await sleep(1000 + this.random(5000));
    empty();
    await cluster.ready().catch(() => startAgain(cluster));
  }

  // The second host is there, and nobody hears it; longer than the heartbeats of the bus, or shorter.
  async cutBus() {
    this.hosts.cut();
    await sleep(500 + this.random(8000));
    this.hosts.mend();
  }
}

// PostgreSQL does not start on the shared memory that processes of before are still attached to. It is asked again, as a
// supervisor does, until they have ended by themselves: to kill those too would be another fault.
async function startAgain(cluster) {
  let refusal;
  const isUp = () => cluster.start().then(() => true, (error) => ((refusal = error), false));
  if (!(await within(START_MS, isUp))) throw refusal;
}

/** By the one clock of the product, in this database only. */
export function setClock(world, offsetMs) {
  world.sql(
    `CREATE OR REPLACE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS ` +
      `'SELECT clock_timestamp() + interval ''${offsetMs} milliseconds'''`,
  );
}

// Takes all room of the file system of `folder`; gives what makes room again.
function fill(folder) {
  const name = path.join(folder, 'ballast');
  const file = fs.openSync(name, 'w', 0o600);
  for (let size = 2 ** 20; size >= 512; size /= 2) while (writes(file, size));
  fs.closeSync(file);
  return () => fs.rmSync(name, { force: true });
}

function writes(file, size) {
  try {
    return fs.writeSync(file, Buffer.alloc(size)) === size;
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error;
    return false;
  }
}
