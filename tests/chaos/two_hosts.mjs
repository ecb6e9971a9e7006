// The second of audit, crypto and retention on a host of their own: a network namespace with one wire to ours, which
// can be cut. The bus goes over that wire; the database does not (it is reached by its sockets, as files). Root may do this.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';

const ELSEWHERE = ['audit-2', 'crypto-2', 'retention-2'];
const PREFIX = 'sm-chaos-';

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString();

// Of runs that were killed before they could clean up.
function removeLeftOver() {
  for (const name of ip('netns', 'list').split('\n').map((line) => line.split(' ')[0]))
    if (name.startsWith(PREFIX) && !fs.existsSync(`/proc/${name.slice(PREFIX.length)}`)) ip('netns', 'del', name);
}

export class TwoHosts {
  /** Gives {hosts}; or null, with why: it is not permitted. */
  static make() {
    const hosts = new TwoHosts();
    try {
      removeLeftOver();
      hosts.#lay();
      return { hosts };
    } catch (error) {
      hosts.undo();
      return { hosts: null, why: error.message.trim() };
    }
  }

  constructor() {
    const { pid } = process;
    const net = `10.213.${(pid >> 6) & 255}`; // runs side by side have wires of their own
    const first = (pid & 63) * 4;
    this.name = `${PREFIX}${pid}`;
    this.ends = [`smc${pid}a`, `smc${pid}b`];
    this.addresses = [1, 2].map((each) => `${net}.${first + each}`);
  }

  #lay() {
    ip('netns', 'add', this.name);
    ip('link', 'add', this.ends[0], 'type', 'veth', 'peer', 'name', this.ends[1], 'netns', this.name);
    ip('addr', 'add', `${this.addresses[0]}/30`, 'dev', this.ends[0]);
    ip('link', 'set', this.ends[0], 'up');
    ip('-n', this.name, 'addr', 'add', `${this.addresses[1]}/30`, 'dev', this.ends[1]);
    ip('-n', this.name, 'link', 'set', 'lo', 'up');
    this.mend();
  }

  // --- for dev/stack.mjs

  addressOf(process) {
    return this.addresses[ELSEWHERE.includes(process) ? 1 : 0];
  }

  enter(process) {
    return ELSEWHERE.includes(process) ? ['nsenter', `--net=/run/netns/${this.name}`] : [];
  }

  // --- the wire

  // What we send gets lost without a word; each host goes on speaking with itself.
  cut() {
    ip('-n', this.name, 'link', 'set', this.ends[1], 'down');
  }

  mend() {
    ip('-n', this.name, 'link', 'set', this.ends[1], 'up');
  }

  undo() {
    for (const args of [['link', 'del', this.ends[0]], ['netns', 'del', this.name]])
      try {
        ip(...args);
      } catch {
        // it was not made
      }
  }
}
