// A world for one test file: a stack of its own in a folder of its own, an organisation with a
// sender and an administrator, the command line as its people use it, a mailbox, and the clock.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { SERVICES, Stack, TOP, freePorts, sleep } from '../../../dev/stack.mjs';
import { Balancer } from './balancer.mjs';

export const MODE = process.env.SM_TEST_MODE ?? 'testing';
export const BIN = path.join(TOP, 'build', MODE, 'bin');
const WAIT_MS = MODE === 'testing' ? 20_000 : 60_000;
// The page has a mail wait for as long as it offers "Undo" and some seconds: most of the other limit.
const MAIL_MS = 60_000;

// replicas: {crypto: 2} and so on, where there is to be more than one process of a kind. Several gateways stand
// behind one address, as they do behind an operator's proxy. makeReady(folder): before anything starts; it may give
// what undoes it. net: see dev/stack.mjs. hasMetrics: every process tells its metrics (metrics.mjs reads them).
export async function startWorld({ env = {}, smtp = {}, fsync = false, replicas = {}, makeCluster = null, makeReady = null, net = null, hasMetrics = false } = {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-test-'));
  fs.chmodSync(folder, 0o711);
  const more = Object.values(replicas).reduce((sum, count) => sum + count - 1, 0);
  const admins = hasMetrics ? SERVICES.length + more : 0;
  const [http, smtpPort, front, ...others] = await freePorts(7 + more + admins);
  const world = new World(folder);
  world.unmake = makeReady?.(path.join(folder, 'var'));
  const isBalanced = (replicas.gateway ?? 1) > 1;
  if (isBalanced) env = { ...env, crypto: { ...env.crypto, SECURE_MAIL_BASE_URL: `http://127.0.0.1:${front}` } };
  world.mails = [];
  try {
    world.stack = new Stack({
      folder: path.join(folder, 'var'),
      bin: BIN,
      ports: { http, smtp: smtpPort, bus: others.slice(0, 4), more: others.slice(4, 4 + more) },
      replicas,
      cluster: await makeCluster?.(path.join(folder, 'var')),
      net,
      fsync,
      env,
      smtp: { ...smtp, onMail: (mail) => world.mails.push(mail) },
    });
    if (hasMetrics) world.giveAdminPorts(others.slice(4 + more));
    world.url = isBalanced ? `http://127.0.0.1:${front}` : world.stack.url;
    await world.stack.start();
    if (isBalanced) world.balancer = await Balancer.start(front, world.stack.ofKind('gateway').map((name) => world.stack.urlOf(name)));
    await world.makePeople();
  } catch (error) {
    await world.stop().catch(() => {});
    throw error;
  }
  return world;
}

export class World {
  constructor(folder) {
    this.folder = folder;
    this.clockOffsetMs = 0;
    this.said = new Set(); // every error word that a command line printed
  }

  path(...parts) {
    return path.join(this.folder, ...parts);
  }

  file(name, content) {
    fs.mkdirSync(path.dirname(this.path(name)), { recursive: true });
    fs.writeFileSync(this.path(name), content, { mode: 0o600 });
    return this.path(name);
  }

  // One for each process, in the order of starting.
  giveAdminPorts(ports) {
    this.adminPorts = Object.fromEntries(this.stack.processes.map((name, i) => [name, ports[i]]));
    for (const [name, port] of Object.entries(this.adminPorts))
      this.stack.env = { ...this.stack.env, [name]: { ...this.stack.env[name], SECURE_MAIL_ADMIN_LISTEN: `127.0.0.1:${port}` } };
  }

  // --- people ---------------------------------------------------------------------------------------

  async makePeople() {
    const org = await this.admin(['org', 'create', '--name', 'Clinic West', '--language', 'en']);
    this.organisation = org.json.organisation;
    await this.makeUser('sender', 'sender@clinic.example', 'Dr. Ada Sender', 'sender');
    await this.makeUser('boss', 'boss@clinic.example', 'Bo Administrator', 'admin,auditor');
  }

  async makeUser(home, email, name, roles) {
    const password = this.file(`${home}.password`, `password-of-${home}`);
    await this.admin([
      'user', 'create', '--org', this.organisation, '--email', email, '--name', name, '--roles', roles, '--password-file', password,
    ]);
    this.people = { ...this.people, [home]: { email, password } };
    await this.login(home);
  }

  // Also after the clock was moved past a session's end.
  login(home) {
    const { email, password } = this.people[home];
    return this.cli(home, ['login', '--server', this.url, '--email', email, '--password-file', password]);
  }

  // --- command line ---------------------------------------------------------------------------------

  // Runs a program to its end. Throws when the exit code is not the expected one; json is parsed.
  async run(program, args, { code = 0, home = 'nobody', cwd = this.folder, env = {} } = {}) {
    const result = await runProgram(path.join(BIN, program), args, {
      cwd,
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', SECUREMAIL_HOME: this.path('home', home), ...env },
    });
    if (code !== null && result.code !== code)
      throw new Error(`${program} ${args.join(' ')}: exit ${result.code}, not ${code}\n${result.stdout}${result.stderr}`);
    try {
      result.json = JSON.parse(result.stdout || result.stderr);
    } catch {
      result.json = null;
    }
    if (result.json?.error) this.said.add(result.json.error);
    return result;
  }

  admin(args, options = {}) {
    return this.run(
      'securemail-admin',
      [...args, '--json', '--socket', this.stack.operatorEndpoint(), '--keys', this.stack.path('keys')],
      options,
    );
  }

  cli(home, args, options = {}) {
    return this.run('securemail', [...args, '--json'], { home, ...options });
  }

  // --- mail -----------------------------------------------------------------------------------------

  async mail(matches) {
    return until(`a mail that matches ${matches}`, () => this.mails.find(matches), MAIL_MS);
  }

  linkFor(address) {
    return this.mail((mail) => mail.to === address && mail.link).then((mail) => mail.link);
  }

  // The newest code, among those not seen yet.
  async codeFor(address, after = 0) {
    const mail = await until(`a code for ${address}`, () =>
      this.mails.filter((each) => each.to === address && each.code)[after], MAIL_MS);
    return mail.code;
  }

  // --- database and time ----------------------------------------------------------------------------

  sql(text) {
    return this.stack.cluster.sql(text);
  }

  // Users' sessions may end by it.
  async moveClock(ms) {
    this.moveClockAlone(ms);
    for (const home of Object.keys(this.people)) await this.login(home);
  }

  // Replaces the one clock of the product, in this database only.
  moveClockAlone(ms) {
    this.clockOffsetMs += ms;
    this.sql(
      `CREATE OR REPLACE FUNCTION clock.now() RETURNS timestamptz LANGUAGE sql STABLE AS ` +
        `'SELECT clock_timestamp() + interval ''${this.clockOffsetMs} milliseconds'''`,
    );
  }

  async stop() {
    try {
      await this.balancer?.close();
      await this.stack.stop();
    } finally {
      this.unmake?.();
      if (!process.env.SM_TEST_KEEP) fs.rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

export function runProgram(program, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (bytes) => (out.stdout += bytes));
    child.stderr.on('data', (bytes) => (out.stderr += bytes));
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, ...out }));
  });
}

// Polls a fact that must become true; says which one did not.
export async function until(what, look, timeoutMs = WAIT_MS) {
  for (const end = Date.now() + timeoutMs; ; await sleep(50)) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs / 1000} s in vain for ${what}`);
  }
}
