// What goes wrong, and how it is mended: a table. Each fault is made, lasts for a while, and is mended before the
// next one, so that the report can say what was going on. Each returns a word that says where it struck.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { sleep } from '../../dev/stack.mjs';

const STEP_MS = 10 * 60_000;

export class Faults {
  // means: what only root can have: {disk, databaseDisks, hosts}; each may be null.
  constructor(world, random, means) {
    Object.assign(this, { world, random, ...means });
    this.counts = {};
  }

  pick(list) {
    return list[this.random(list.length)];
  }

  get table() {
    return [
      ['a process killed', this.killOne],
      ['a process killed', this.killOne],
      ['a process killed', this.killOne],
      ['both of a kind killed', this.killBoth],
      ['a process stands still', this.stopOne],
      ['a process stands still', this.stopOne],
      ['PostgreSQL killed', this.killDatabase],
      ['PostgreSQL fails over', this.failOver],
      ['the mail relay refuses or hangs', this.spoilRelay],
      ['the clock is stepped', this.stepClock],
      ...(this.disk ? [['the disk of the objects is full', this.fillDisk]] : []),
      ...(this.databaseDisks ? [["PostgreSQL's disk is full", this.fillDatabase]] : []),
      ...(this.hosts ? [['the bus is cut', this.cutBus], ['the bus is cut', this.cutBus]] : []),
    ];
  }

  // Until `isOver`; each kind once at least when there is time.
  async go(isOver) {
    const first = this.table.filter(([name], i, all) => all.findIndex(([other]) => other === name) === i);
    while (!isOver()) {
      const [name, strike] = first.shift() ?? this.pick(this.table);
      await strike.call(this);
      this.counts[name] = (this.counts[name] ?? 0) + 1;
      await sleep(500 + this.random(1500));
    }
  }

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

  async killDatabase() {
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

  async spoilRelay() {
    const { smtp } = this.world.stack;
    await smtp.behave(this.pick(['refuse-4xx', 'refuse-data-4xx', 'drop', 'drop-after-data', 'hang-at-recipient', 'hang-after-data', 'away']));
    await sleep(1000 + this.random(3000));
    await smtp.behave('accept');
  }

  async stepClock() {
    setClock(this.world, STEP_MS);
    await sleep(1000 + this.random(2000));
    setClock(this.world, 0);
  }

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
    await cluster.ready().catch(() => cluster.start());
  }

  // The second host is there, and nobody hears it; longer than the heartbeats of the bus, or shorter.
  async cutBus() {
    this.hosts.cut();
    await sleep(500 + this.random(8000));
    this.hosts.mend();
  }
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
