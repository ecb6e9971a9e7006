// A real suite for measuring: release build, PostgreSQL with fsync, in a folder of its own; and the
// load client, told what to do line by line (bench/client/main_client.c).

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

process.env.SM_TEST_MODE ??= 'release';
const { startWorld } = await import('../../tests/system/support/world.mjs');
const { TOP } = await import('../../dev/stack.mjs');

export const RUNS = Number(process.env.SM_BENCH_RUNS ?? 5);
export const PROGRAMS = path.join(TOP, 'build', process.env.SM_TEST_MODE, 'bench');

// Notifications wait ten minutes, as an operator may set: the mail server here is a Node program on
// the same two cores, and none of ours. Everything else is as it is delivered.
export const startSuite = (options = {}) =>
  startWorld({ fsync: true, ...options, env: { crypto: { SECURE_MAIL_UNDO_S: '600' }, ...options.env } });

// Programs that are asked in lines and answer in lines of JSON.
class Asked {
  constructor(program, args = []) {
    this.process = spawn(path.join(PROGRAMS, program), args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = readline.createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    this.exited = new Promise((resolve) => this.process.once('exit', resolve));
  }

  async answer() {
    const { value, done } = await this.lines.next();
    if (done) throw new Error('a program of the benchmark ended');
    return JSON.parse(value);
  }

  end() {
    this.process.stdin.end();
    return this.exited;
  }
}

export class Client extends Asked {
  constructor(world) {
    super('client/client');
    this.world = world;
  }

  ask(...words) {
    this.process.stdin.write(`${words.join(' ')}\n`);
    return this.answer();
  }

  // The sender of a world, with messages that are checked by 'code' or 'password'.
  signIn(check = 'code') {
    const { stack, people } = this.world;
    const database = stack.cluster.conninfo('sm_crypto').replaceAll(' ', ',');
    return this.ask('mail', stack.ports.http, people.sender.email, people.sender.password, database, stack.path('master.key'), check);
  }
}

// A limit that measures itself and ends: `rate` of its one answer.
export async function limit(program, ...args) {
  const asked = new Asked(`limit/${program}`, args.map(String));
  const { rate } = await asked.answer();
  await asked.end();
  return rate;
}

// A limit that serves until its input ends: {port} is its first answer.
export async function serve(program, ...args) {
  const asked = new Asked(`limit/${program}`, args.map(String));
  return { ...(await asked.answer()), end: () => asked.end() };
}

// One sample of a figure, as bench/run.mjs reads it. `is_at_most`: less is better.
export function say(figure, unit, target, name, limitValue, product, more = {}) {
  console.log(JSON.stringify({ figure, unit, target, limit_name: name, limit: limitValue, product, ...more }));
}

// A value of a process in /proc, in MiB.
// What a process keeps in memory, a page that several share by its share (MiB).
export function shareOf(pid) {
  const line = fs.readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').split('\n').find((each) => each.startsWith('Pss:'));
  return Number(line.split(/\s+/)[1]) / 1024;
}

export function memoryOf(pid, name) {
  const line = fs.readFileSync(`/proc/${pid}/status`, 'utf8').split('\n').find((each) => each.startsWith(`${name}:`));
  return Number(line.split(/\s+/)[1]) / 1024;
}

// A page of fifty messages: the newest, which the gateway may have kept, and the same ones named by a cursor, which it reads each time.
export const LISTS = { first: 'rows=50', read: `rows=50&cursor=4102444800000.${'f'.repeat(32)}` };
