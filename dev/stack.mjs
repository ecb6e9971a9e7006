// The whole suite on one machine: cluster, migrations, keys, the five services and a real SMTP
// server. `make run` and the system tests use this same code, in folders of their own.

import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Cluster } from './cluster.mjs';
import { startSmtpServer } from './smtp-server.mjs';

export const TOP = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
// In the order of starting; stopping goes the other way.
export const SERVICES = ['audit', 'notifier', 'crypto', 'retention', 'gateway'];
const START_MS = 20_000;
const STOP_MS = 10_000;
const ROOM_BYTES = 200e6; // a new cluster takes 60 MB, and one file of 50 MB must fit

export class StackError extends Error {}

// The first of a kind is called like it, the others have a number: crypto, crypto-2, crypto-3.
const processesOf = (kind, count) => Array.from({ length: count }, (_, i) => (i ? `${kind}-${i + 1}` : kind));
const kindOf = (name) => name.split('-')[0];

const listenOn = (port) =>
  new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
  });

// Ports below those that the kernel gives to outgoing connections: between our looking and the service's
// binding nobody else takes one; and behind 10080, which browsers refuse. SM_TEST_PORTS (first-last) keeps runs that go side by side apart.
function* candidates() {
  const [first, last] = (process.env.SM_TEST_PORTS ?? '11000-31999').split('-').map(Number);
  const size = last - first + 1;
  const start = Math.floor(Math.random() * size);
  for (let i = 0; i < size; i++) yield first + ((start + i) % size);
}

// What this process has been given: nobody may have bound it yet, and it looks free.
const given = new Set();

export async function freePorts(count) {
  const servers = [];
  for (const port of candidates()) {
    if (servers.length === count) break;
    if (given.has(port)) continue;
    given.add(port);
    await listenOn(port).then((server) => servers.push(server), () => {}); // in use: the next one
  }
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

// Says who cannot have which port, before anything starts.
async function checkPort(port, purpose, remedy) {
  await new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', (error) =>
      reject(new StackError(`Port ${port} for ${purpose} cannot be used (${error.code}). ${remedy}`)));
    server.listen(port, '127.0.0.1', () => server.close(resolve));
  });
}

export class Stack {
  // folder: everything that is made (./var); bin: the programs; ports: {http, smtp, bus: [4 ports], more: [ports]};
  // replicas: how many processes of a kind there are, where it is not one: {crypto: 2}, which takes one port of `more`;
  // cluster: where the database is not the private cluster of this folder (see dev/cluster.mjs);
  // net: where the bus does not go over loopback: {addressOf(process), enter(process): what stands before its program}.
  constructor({ folder, bin, ports, replicas = {}, cluster, net = null, fsync = true, env = {}, smtp = {}, say = () => {} }) {
    Object.assign(this, { folder, bin, ports, net, env, say });
    this.smtpOptions = smtp;
    this.cluster = cluster ?? new Cluster(path.join(folder, 'pg'), { fsync });
    this.running = new Map(); // process -> {process, exited}
    this.processes = SERVICES.flatMap((kind) => processesOf(kind, replicas[kind] ?? 1)); // in the order of starting
    const more = this.processes.filter((name) => !SERVICES.includes(name));
    this.morePorts = Object.fromEntries(more.map((name, i) => [name, ports.more[i]]));
  }

  path(...parts) {
    return path.join(this.folder, ...parts);
  }

  get url() {
    return this.urlOf('gateway');
  }

  urlOf(gateway) {
    return `http://127.0.0.1:${this.morePorts[gateway] ?? this.ports.http}`;
  }

  ofKind(kind) {
    return this.processes.filter((name) => kindOf(name) === kind);
  }

  // --- making what must exist ---------------------------------------------------------------------

  prepare() {
    for (const name of ['', 'keys', 'journal', 'objects', 'run', 'log', 'mail'])
      fs.mkdirSync(this.path(name), { recursive: true, mode: 0o700 });
    checkRoom(this.folder);
    if (isRoot()) fs.chmodSync(this.folder, 0o711); // postgres passes through to its own folder
    execFileSync(path.join(this.bin, 'securemail-keys'), [this.path('keys')], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (!fs.existsSync(this.path('master.key'))) {
      fs.writeFileSync(this.path('master.key'), crypto.randomBytes(32).toString('base64') + '\n', { mode: 0o600 });
    }
    if (this.cluster.make()) this.say('made a private PostgreSQL cluster');
  }

  migrate() {
    execFileSync(path.join(TOP, 'db', 'migrate'), [this.cluster.conninfo()], { stdio: ['ignore', 'pipe', 'pipe'] });
  }

  // --- environment --------------------------------------------------------------------------------

  bus(name) {
    return `tcp://${this.net?.addressOf(name) ?? '127.0.0.1'}:${this.morePorts[name] ?? this.ports.bus[['audit', 'notifier', 'crypto', 'retention'].indexOf(name)]}`;
  }

  // Each service is given what it needs and nothing else.
  environment(name) {
    const service = kindOf(name);
    const peers = {
      gateway: ['crypto', 'notifier', 'retention', 'audit'],
      crypto: ['notifier', 'audit'],
      notifier: ['audit'],
      retention: ['crypto', 'audit'],
      audit: [],
    }[service];
    const own = {
      gateway: {
        SECURE_MAIL_ENABLED: 'true',
        SECURE_MAIL_HTTP_LISTEN: new URL(this.urlOf(name)).host,
        SECURE_MAIL_OBJECTS_DIR: this.path('objects'),
        SECURE_MAIL_PAGES_DIR: path.join(TOP, 'build', 'web'),
      },
      crypto: {
        SECURE_MAIL_MASTER_KEY_FILE: this.path('master.key'),
        SECURE_MAIL_OPERATOR_LISTEN: this.operatorEndpoint(name),
        SECURE_MAIL_JOURNAL_DIR: this.path('journal'),
        SECURE_MAIL_BASE_URL: this.url,
      },
      notifier: {
        SECURE_MAIL_SMTP_URL: `smtp://127.0.0.1:${this.ports.smtp}`,
        SECURE_MAIL_SMTP_TLS: 'required',
        SECURE_MAIL_SMTP_CA_FILE: this.path('keys', 'smtp-ca.pem'),
        SECURE_MAIL_SMTP_USER: 'secure-mail',
        SECURE_MAIL_SMTP_PASSWORD_FILE: this.path('keys', 'smtp-password'),
        SECURE_MAIL_MAIL_FROM: 'secure-mail@example.org',
      },
      retention: { SECURE_MAIL_OBJECTS_DIR: this.path('objects') },
      audit: { SECURE_MAIL_JOURNAL_DIR: this.path('journal') },
    }[service];
    return {
      PATH: process.env.PATH,
      LANG: 'C.UTF-8',
      SECURE_MAIL_KEYS_DIR: this.path('keys'),
      SECURE_MAIL_DATABASE: this.cluster.conninfo(`sm_${service}`),
      ...(service === 'gateway' ? {} : { SECURE_MAIL_LISTEN: this.bus(name) }),
      ...Object.fromEntries(peers.map((peer) => [`SECURE_MAIL_${peer.toUpperCase()}`, this.ofKind(peer).map((each) => this.bus(each)).join()])),
      ...own,
      ...sanitizerEnvironment(),
      ...(this.env.all ?? {}),
      ...(this.env[service] ?? {}),
      ...(name === service ? {} : this.env[name]),
    };
  }

  operatorEndpoint(crypto = 'crypto') {
    return `ipc://${this.path('run', `operator${crypto.slice('crypto'.length)}.sock`)}`;
  }

  // --- backup and restore -------------------------------------------------------------------------

  // What deploy/bin/backup and deploy/bin/restore are told of this stack.
  backupEnvironment() {
    return {
      PATH: `${this.bin}:/usr/lib/postgresql/15/bin:${process.env.PATH}`,
      LANG: 'C.UTF-8',
      BACKUP_SERVER: this.cluster.conninfo(null, null),
      BACKUP_OBJECTS: this.path('objects'),
      BACKUP_KEYS_ROOT: this.folder,
      BACKUP_KEYS: 'keys',
    };
  }

  // While it runs, or at least its cluster.
  backup(folder, publicKey) {
    return runScript('backup', [folder], { ...this.backupEnvironment(), BACKUP_PUBLIC: publicKey });
  }

  // Into a stack that has nothing yet and does not run. journals: files; none: as said in the script.
  async restore(folder, secretKey, { journals = [], withoutJournal = false } = {}) {
    this.prepare();
    await this.cluster.start();
    try {
      return await runScript('restore', [folder], {
        ...this.backupEnvironment(),
        RESTORE_SECRET: secretKey,
        RESTORE_JOURNALS: journals.join(' '),
        RESTORE_WITHOUT_JOURNAL: withoutJournal ? 'yes' : '',
      });
    } finally {
      await this.cluster.stop();
    }
  }

  // --- starting and stopping ----------------------------------------------------------------------

  async checkPorts() {
    await checkPort(this.ports.http, 'the web server', 'Stop what uses it, or choose another: SECURE_MAIL_PORT=8580 make run');
    await checkPort(this.ports.smtp, 'the mail server', 'Stop what uses it, or choose another: SECURE_MAIL_SMTP_PORT=2625 make run');
    for (const port of [...this.ports.bus, ...Object.values(this.morePorts)])
      await checkPort(port, 'the services', 'Stop what uses it, or choose others: SECURE_MAIL_BUS_PORT=5801 make run');
  }

  async startSmtp() {
    this.smtp = await startSmtpServer({
      port: this.ports.smtp,
      mailDir: this.path('mail'),
      keysDir: this.path('keys'),
      user: 'secure-mail',
      ...this.smtpOptions,
    });
  }

  async start() {
    this.prepare();
    await this.checkPorts();
    await this.cluster.start();
    this.migrate();
    await this.startSmtp();
    for (const name of this.processes) await this.startService(name);
  }

  // Resolves when the service has said that it is ready; rejects with what it said before it ended.
  async startService(service, env = {}) {
    const log = fs.openSync(this.path('log', `${service}.log`), 'a', 0o600);
    const from = fs.fstatSync(log).size;
    const [program, ...args] = [...(this.net?.enter(service) ?? []), path.join(this.bin, `securemail-${kindOf(service)}-service`)];
    const child = spawn(program, args, {
      cwd: this.folder,
      env: { ...this.environment(service), ...env },
      stdio: ['ignore', log, log],
      detached: true, // Ctrl-C is ours to hand on, in order
    });
    fs.closeSync(log);
    const exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    const failed = new Promise((_, reject) => child.once('error', reject));
    this.running.set(service, { process: child, exited });
    fs.writeFileSync(this.path('run', `${service}.pid`), `${child.pid}\n`);
    await Promise.race([this.untilReady(service, child, from), failed]);
    return child;
  }

  async untilReady(service, child, from) {
    for (const end = Date.now() + START_MS; Date.now() < end; await sleep(20)) {
      if (this.logSince(service, from).includes('"event":"ready"')) return;
      if (child.exitCode === null && child.signalCode === null) continue;
      throw new StackError(`${service} stopped at once: ${inWords(this.logSince(service, from))}`);
    }
    throw new StackError(`${service} is not ready after ${START_MS / 1000} s: see ${this.path('log', `${service}.log`)}`);
  }

  logSince(service, from = 0) {
    return fs.readFileSync(this.path('log', `${service}.log`)).subarray(from).toString();
  }

  // SIGTERM and wait; SIGKILL only after STOP_MS, and then it says so by throwing.
  async stopService(service, signal = 'SIGTERM') {
    const entry = this.running.get(service);
    if (!entry) return null;
    this.running.delete(service);
    if (entry.process.exitCode === null && entry.process.signalCode === null) process.kill(entry.process.pid, signal);
    const outcome = await Promise.race([entry.exited, sleep(STOP_MS).then(() => null)]);
    fs.rmSync(this.path('run', `${service}.pid`), { force: true });
    if (outcome) return outcome;
    process.kill(entry.process.pid, 'SIGKILL');
    await entry.exited;
    throw new StackError(`${service} did not stop within ${STOP_MS / 1000} s`);
  }

  // As if the power of that process failed.
  killService(service) {
    return this.stopService(service, 'SIGKILL');
  }

  // Resolves when the service ends by itself (a fail point).
  async exitOf(service) {
    const entry = this.running.get(service);
    const outcome = await entry.exited;
    this.running.delete(service);
    return outcome;
  }

  async stop() {
    const faults = [];
    for (const service of [...this.processes].reverse())
      await this.stopService(service).then(
        (outcome) => outcome?.code && faults.push(`${service} ended with ${outcome.code}`),
        (error) => faults.push(error.message),
      );
    await this.smtp?.close();
    await this.cluster.stop();
    if (faults.length) throw new StackError(faults.join('; '));
  }
}

// What a script of deploy/bin says, or a StackError with its words.
function runScript(name, args, env) {
  return new Promise((resolve, reject) => {
    const options = { env, cwd: TOP, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 };
    execFile(path.join(TOP, 'deploy', 'bin', name), args, options, (error, stdout, stderr) => {
      const said = `${stdout}${stderr}`.trim();
      if (error) reject(new StackError(said || error.message));
      else resolve(said);
    });
  });
}

// What a service said last before it ended: the line that has a cause, as a sentence; else its last lines as they are.
function inWords(log) {
  const lines = log.trim().split('\n');
  const facts = lines.map((line) => {
    try {
      return JSON.parse(line);
    } catch {
      return {};
    }
  });
  const { setting, cause, remedy } = facts.findLast?.((each) => each.cause) ?? {};
  return cause ? [setting, [cause, remedy].filter(Boolean).join('; ')].filter(Boolean).join(': ') : lines.slice(-3).join('\n  ');
}

// Before anything is made: a disk that fills half-way leaves half a cluster.
function checkRoom(folder) {
  const { bavail, bsize } = fs.statfsSync(folder);
  if (bavail * bsize >= ROOM_BYTES) return;
  throw new StackError(`The disk of ${folder} has ${Math.floor((bavail * bsize) / 1e6)} MB free, and Secure Mail starts with ${ROOM_BYTES / 1e6} MB or more. Make room, then start again.`);
}

// Sanitizer builds report to the log and end with a status that nothing else uses.
function sanitizerEnvironment() {
  return {
    ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:exitcode=99',
    UBSAN_OPTIONS: 'print_stacktrace=1:exitcode=99',
    TSAN_OPTIONS: 'exitcode=99',
  };
}

function isRoot() {
  return process.getuid() === 0;
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
