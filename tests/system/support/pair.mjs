// PostgreSQL as a hospital has it: a cluster and a standby that holds what was acknowledged (synchronous streaming
// replication), both on loopback. The services get both by their connection string, and find the one that writes.
// To the stack it is a cluster like any other (dev/cluster.mjs).

import fs from 'node:fs';
import path from 'node:path';

import { freePorts } from '../../../dev/stack.mjs';
import { Cluster, ownerRun } from '../../../dev/cluster.mjs';
import { until } from './world.mjs';

const STANDBY = 'standby'; // the name by which the one that writes knows it

export class Pair {
  // settings: of postgresql.conf; isBySocket: the services reach both by their sockets, also from another network namespace.
  static async of(folder, { fsync = false, settings = {}, isBySocket = false } = {}) {
    const ports = await freePorts(2);
    const all = { listen_addresses: '127.0.0.1', hot_standby: 'on', wal_retrieve_retry_interval: '200ms', ...settings };
    return new Pair(ports.map((port, i) => new Cluster(path.join(folder, `pg-${i + 1}`), { fsync, port, settings: { ...all } })), isBySocket);
  }

  constructor(clusters, isBySocket = false) {
    this.clusters = clusters;
    this.isBySocket = isBySocket;
    [this.active, this.standby] = clusters;
  }

  make() {
    return this.active.make();
  }

  async start() {
    await this.active.start();
    await this.makeStandby();
  }

  async stop(signal) {
    this.goOn();
    for (const cluster of [this.standby, this.active]) await cluster.stop(signal);
  }

  // In the order of the clusters, whichever is active: libpq asks each until one takes writes.
  conninfo(role = null, database = 'securemail') {
    const user = this.active.conninfo(role, database).match(/user=\S+/)[0];
    const ports = this.clusters.map(({ port }) => port).join();
    const hosts = this.clusters.map(({ socket }) => (this.isBySocket ? socket : '127.0.0.1')).join();
    return `host=${hosts} port=${ports} ${user} dbname=${database} target_session_attrs=read-write`;
  }

  sql(text, database) {
    return this.active.sql(text, database);
  }

  // A copy of the active one that follows it. From then on no commit is answered before the standby has it.
  async makeStandby() {
    const { active, standby } = this;
    standby.place();
    fs.rmSync(standby.data, { recursive: true, force: true });
    ownerRun('pg_basebackup', ['-h', active.socket, '-p', String(active.port), '-D', standby.data, '-X', 'stream', '-c', 'fast', '-R'], { cwd: '/' });
    standby.settings.primary_conninfo = `host=${active.socket} port=${active.port} application_name=${STANDBY}`;
    standby.makeDatabase = () => {}; // it has the other's
    await standby.start();
    active.sql(`ALTER SYSTEM SET synchronous_standby_names = '${STANDBY}'`);
    active.sql('SELECT pg_reload_conf()');
    await until('the standby is synchronous', () => active.sql("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'").length === 1);
  }

  // What is written now does not reach the standby: commits wait.
  holdStandby() {
    this.held = Number(this.standby.sql('SELECT pid FROM pg_stat_wal_receiver')[0][0]);
    process.kill(this.held, 'SIGSTOP');
  }

  goOn() {
    if (this.held) process.kill(this.held, 'SIGCONT');
    this.held = null;
  }

  // The active one dies as if its power failed; the other takes its place. Nothing is synchronous until makeStandby.
  async failOver() {
    await this.active.stop('SIGQUIT');
    this.goOn();
    [this.active, this.standby] = [this.standby, this.active];
    this.active.sql('SELECT pg_promote()');
    this.active.sql("ALTER SYSTEM RESET synchronous_standby_names");
    this.active.sql('SELECT pg_reload_conf()');
    delete this.active.settings.primary_conninfo;
  }
}
