// docker-compose.yml as an operator runs it, under a project name of its own, and the people who use it
// from outside. It is a World (tests/system/support), so what people do is said in the same words.

import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { startSmtpServer } from '../../../dev/smtp-server.mjs';
import { TOP, freePorts } from '../../../dev/stack.mjs';
import { World, runProgram, until } from '../../system/support/world.mjs';
import { composeCommands } from '../../support/compose-commands.mjs';
import { runbookBlock, runbookLine } from '../../support/runbook.mjs';

export const SERVICES = ['audit', 'notifier', 'crypto', 'retention', 'gateway'];
const ALWAYS = [...SERVICES, 'postgres'];
export const HEALTHY = 'health_status: healthy';
const PROJECT = 'secure-mail-test';
const MAKES_ANEW = ['up', 'down']; // and takes containers away
const WAIT_MS = 180_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

export const docker = (...args) =>
  execFileSync('docker', args, { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: OUTPUT_BYTES_MAX }).toString();

export class Deployment extends World {
  // `source`: the checkout whose images, compose file and command line are used.
  constructor(source = TOP) {
    super(fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-compose-')));
    this.source = source;
    this.mails = [];
    this.command = composeCommands()[0];
    this.project = PROJECT;
    this.held = {}; // by service: a container that holdOpen began
    this.files = ['docker-compose.yml', 'tests/compose/relay.yml'];
  }

  // Not the folder that is meant where nothing is said: who writes there by mistake is noticed.
  get backups() {
    return this.path('backups-elsewhere');
  }

  // --- compose --------------------------------------------------------------------------------------

  // Only what an operator's shell has: no SECURE_MAIL_* of the caller gets in beside the .env.
  get environment() {
    const kept = ['PATH', 'HOME', 'DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG', 'DOCKER_BUILDKIT'];
    return Object.fromEntries(kept.filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
  }

  // How compose is told of this project, its settings and its files.
  get words() {
    const files = this.files.flatMap((file) => ['-f', path.join(this.source, file)]);
    return ['-p', this.project, '--env-file', this.path('.env'), ...files];
  }

  async compose(args, { code = 0, input = null } = {}) {
    if (MAKES_ANEW.includes(args[0])) await this.keepLogs();
    const [program, ...words] = this.command;
    const stdin = input ? fs.openSync(input, 'r') : 'ignore';
    const options = { cwd: this.source, env: this.environment, stdio: [stdin, 'pipe', 'pipe'] };
    const result = await runProgram(program, [...words, ...this.words, ...args], options);
    if (input) fs.closeSync(stdin);
    if (code !== null && result.code !== code)
      throw new Error(`compose ${args.join(' ')}: exit ${result.code}\n${`${result.stdout}${result.stderr}`.slice(-8000)}`);
    return result;
  }

  // What each container has said until now, in a file each: when one is made anew, its log goes with it.
  get logKeeping() {
    const filter = `--filter label=com.docker.compose.project=${this.project}`;
    const format = `--format '{{.Label "com.docker.compose.service"}}-{{.ID}}'`;
    return `mkdir -p '${this.path('said')}'
      there=$(docker ps -a --no-trunc ${filter} ${format})
      for each in $there; do
        case $each in ${SERVICES.map((service) => `${service}-*`).join(' | ')}) docker logs "\${each#*-}" >'${this.path('said')}'/"$each" 2>&1 ;; esac
      done`;
  }

  async keepLogs() {
    const result = await runProgram('bash', ['-euo', 'pipefail', '-c', this.logKeeping], { env: this.environment });
    if (result.code !== 0) throw new Error(`the containers' logs: exit ${result.code}\n${result.stderr}`);
  }

  // [{service, text}] of every container of a service that there was.
  async logs() {
    await this.keepLogs();
    return fs.readdirSync(this.path('said')).map((name) => ({ service: name.split('-')[0], text: fs.readFileSync(this.path('said', name), 'utf8') }));
  }

  // A command of the operator's in a container, as the container's own user.
  async exec(service, args, options = {}) {
    const held = this.held[service];
    if (!held) return (await this.compose(['exec', '-T', service, ...args], options)).stdout;
    const { code, stdout, stderr } = await runProgram('docker', ['exec', held, ...args], { env: this.environment });
    if (code !== 0) throw new Error(`${service}: ${args.join(' ')}: exit ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  // Those of `tries` ({to, address, port}) that take a connection from inside `from`. A dozen at a time: a
  // container may have a hundred processes and threads, and its service has its share of them.
  async reach(from, tries) {
    const knock = tries.map(({ to, address, port }, i) =>
      `timeout 5 bash -c 'exec 3<>/dev/tcp/${address}/${port} && echo ${to}' 2>/dev/null &${i % 12 === 11 ? ' wait' : ''}`).join('\n');
    const out = await this.exec(from, ['bash', '-c', `${knock}\nwait`]);
    return new Set(out.split('\n').filter(Boolean));
  }

  // A block of docs/runbook.md, as it stands there, in a folder of its own; `given` are the operator's variables.
  async runbook(name, given = {}) {
    return (await this.type(runbookBlock(name), given)).stdout;
  }

  // A command out of a sentence there, with words in the place of those in capitals.
  async runbookLine(line, words = {}) {
    return (await this.type(runbookLine(line, words))).stdout;
  }

  async type(text, given = {}) {
    const options = { cwd: this.folder, env: { ...this.environment, ...given } };
    const result = await runProgram('bash', ['-euo', 'pipefail', '-c', this.asTyped(text)], options);
    if (result.code !== 0) throw new Error(`what the runbook says: exit ${result.code}\n${text}\n${`${result.stdout}${result.stderr}`.slice(-8000)}`);
    return result;
  }

  // In a shell whose docker-compose is this project's, and keeps the logs of what it takes away.
  asTyped(text) {
    const command = [...this.command, ...this.words].map((word) => `'${word}'`).join(' ');
    const keeping = `case $1 in ${MAKES_ANEW.join(' | ')}) keep_logs ;; esac`;
    return `keep_logs() { local there each; ${this.logKeeping}\n}\ndocker-compose() { ${keeping}; command ${command} "$@"; }\n${text}`;
  }

  // This machine, as containers reach it.
  get host() {
    const [{ Gateway: gateway, Subnet: subnet }] = JSON.parse(docker('network', 'inspect', 'bridge', '-f', '{{json .IPAM.Config}}'));
    return gateway || subnet.replace(/\d+\/\d+$/, '1'); // an engine that was begun for the first time tells the network alone
  }

  container(service) {
    if (this.held[service]) return this.held[service];
    return docker('ps', '-a', '-q', '--no-trunc', '--filter', `label=com.docker.compose.project=${this.project}`,
      '--filter', `label=com.docker.compose.service=${service}`).trim();
  }

  inspect(service) {
    return JSON.parse(docker('inspect', this.container(service)))[0];
  }

  // What runs once or by hand is gone before anybody can look into it: a container of each that does nothing.
  async holdOpen(services) {
    for (const service of services) {
      const { stdout } = await this.compose(['run', '-d', '--rm', '--no-deps', '--entrypoint', 'sleep', service, 'infinity']);
      this.held[service] = docker('inspect', '-f', '{{.Id}}', stdout.trim()).trim();
    }
  }

  letGo() {
    for (const id of Object.values(this.held)) docker('rm', '-f', id);
    this.held = {};
  }

  isHealthy(service) {
    // One that is made and not begun yet has no health.
    return this.container(service) !== '' && this.inspect(service).State.Health?.Status === 'healthy';
  }

  async untilHealthy(services = ALWAYS) {
    for (const service of services) await until(`${service} to be healthy`, () => this.isHealthy(service), WAIT_MS);
  }

  // --- order ----------------------------------------------------------------------------------------

  // Who waits for what at a start, as the files say: [{service, on, condition}].
  async waits() {
    const { stdout } = await this.compose(['config']);
    const at = []; // the names that a line stands under, by depth
    const found = [];
    for (const [, blanks, name, value] of stdout.matchAll(/^( *)([\w-]+):(?: (.*))?$/gm)) {
      at.splice(blanks.length / 2, Infinity, name);
      if (at[0] === 'services' && at[2] === 'depends_on' && at[4] === 'condition') found.push({ service: at[1], on: at[3], condition: value });
    }
    return found;
  }

  // What the engine tells of this project's containers until `act` has ended and all are healthy: [{service, what, code, at}].
  // A container itself remembers its last five health checks alone, and the first good one is long gone by then.
  async watched(act) {
    const filters = [`label=com.docker.compose.project=${this.project}`, 'event=start', 'event=die', 'event=health_status'];
    const child = spawn('docker', ['events', '--since', String(Date.now() / 1000), '--format', '{{json .}}',
      ...filters.flatMap((filter) => ['--filter', filter])], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    child.stdout.on('data', (bytes) => (said += bytes));
    const told = () => said.split('\n').slice(0, -1).map((line) => JSON.parse(line)).map(({ Action, Actor, timeNano }) =>
      ({ service: Actor.Attributes['com.docker.compose.service'], what: Action, code: Actor.Attributes.exitCode, at: timeNano }));
    try {
      await act();
      const isTold = (service) => told().some((each) => each.service === service && each.what === HEALTHY);
      for (const service of ALWAYS) await until(`the engine to tell that ${service} is healthy`, () => isTold(service));
      return told();
    } finally {
      child.kill();
    }
  }

  // --- life -----------------------------------------------------------------------------------------

  // The README's way: the example, a master key behind it, and what differs on this machine.
  writeEnvironment(settings) {
    const example = fs.readFileSync(path.join(TOP, '.env.example'), 'utf8');
    const master = execFileSync('make', ['-s', 'master-key'], { cwd: TOP }).toString();
    const own = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    fs.writeFileSync(this.path('.env'), `${example}${master}${own.join('')}`, { mode: 0o600 });
    this.masterKey = master.trim().split(/=(.*)/s)[1];
  }

  // Further lines of .env; the last of a name counts.
  addSettings(settings) {
    for (const [name, value] of Object.entries(settings)) fs.appendFileSync(this.path('.env'), `${name}=${value}\n`);
  }

  async startRelay() {
    const keys = this.path('relay-keys');
    fs.mkdirSync(keys, { mode: 0o700 });
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
      '-days', '30', '-subj', '/CN=relay.test', '-addext', 'subjectAltName=DNS:relay.test',
      '-keyout', path.join(keys, 'smtp-server.key'), '-out', path.join(keys, 'smtp-ca.pem')], { stdio: 'ignore' });
    this.smtp = await startSmtpServer({
      host: this.host, port: 0, mailDir: this.path('mail'), keysDir: keys, onMail: (mail) => this.mails.push(mail),
    });
    return {
      SECURE_MAIL_SMTP_URL: `smtp://relay.test:${this.smtp.port}`,
      SECURE_MAIL_SMTP_CA_FILE: path.join(keys, 'smtp-ca.pem'),
      SECURE_MAIL_SMTP_USER: 'secure-mail',
      SECURE_MAIL_SMTP_PASSWORD: fs.readFileSync(path.join(keys, 'smtp-password'), 'utf8').trim(),
    };
  }

  // A certificate for localhost that nobody else signed; gives {certificate, key}, the names of its files.
  makeCertificate() {
    const [certificate, key] = ['own.pem', 'own.key'].map((name) => this.path(name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30',
      '-subj', '/CN=own', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    return { certificate, key };
  }

  async start(settings = {}) {
    const [port] = await freePorts(1);
    this.stack = { url: settings.SECURE_MAIL_BASE_URL ?? `https://localhost:${port}` };
    this.url = this.stack.url;
    this.writeEnvironment({
      ...(await this.startRelay()),
      SECURE_MAIL_TAG: 'test',
      SECURE_MAIL_BACKUP_DIR: this.backups,
      SECURE_MAIL_PORT: port,
      SECURE_MAIL_ADDRESS: '127.0.0.1',
      SECURE_MAIL_BASE_URL: this.stack.url,
      ...settings,
    });
    await this.takeDown(); // what an earlier run may have left
    fs.rmSync(this.path('said'), { recursive: true, force: true });
    await this.build();
    this.told = await this.watched(async () => {
      await this.compose(['up', '-d']);
      await this.untilHealthy();
    });
    docker('cp', `${this.container('gateway')}:/srv/secure-mail/var/keys/tls.pem`, this.path('tls.pem'));
    await this.makePeople();
  }

  async build() {
    const removeAuthority = trustDuringBuild(this.source);
    try {
      await this.compose(['build']);
      await this.compose(['build', 'backup']); // which `up` does not start
    } finally {
      removeAuthority();
    }
  }

  // Containers, networks and volumes of this project alone; the images stay as the next run's cache.
  takeDown() {
    return this.compose(['down', '-v', '--remove-orphans', '-t', '10']);
  }

  async stop() {
    try {
      if (process.env.SM_TEST_KEEP) return;
      this.letGo();
      await this.takeDown();
      fs.rmSync(this.folder, { recursive: true, force: true });
    } finally {
      await this.smtp?.close();
    }
  }

  // --- the programs of people -------------------------------------------------------------------------

  async run(program, args, { code = 0, home = 'nobody' } = {}) {
    const result = await runProgram(path.join(this.source, 'build', 'release', 'bin', program), args, {
      cwd: this.folder,
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', SECUREMAIL_HOME: this.path('home', home), SECUREMAIL_CA_FILE: this.path('tls.pem') },
    });
    return this.take(result, `${program} ${args.join(' ')}`, code);
  }

  // The operator's tool runs beside crypto; a password is handed in through standard input.
  async admin(args, { code = 0 } = {}) {
    const at = args.indexOf('--password-file') + 1;
    const input = at ? args[at] : null;
    const words = args.map((word, i) => (at && i === at ? '/dev/stdin' : word));
    const result = await this.compose(['exec', '-T', 'crypto', 'securemail-admin', ...words, '--json'], { code: null, input });
    return this.take(result, `securemail-admin ${args.join(' ')}`, code);
  }

  take(result, what, code) {
    if (code !== null && result.code !== code) throw new Error(`${what}: exit ${result.code}\n${result.stdout}${result.stderr}`);
    try {
      result.json = JSON.parse(result.stdout || result.stderr);
    } catch {
      result.json = null;
    }
    return result;
  }
}

// Behind a proxy that opens TLS, the caller's authorities are those of the build (deploy/ca/README.md).
export function trustDuringBuild(source = TOP) {
  const own = process.env.NODE_EXTRA_CA_CERTS;
  const place = path.join(source, 'deploy', 'ca', 'test.pem');
  if (!own) return () => {};
  fs.copyFileSync(own, place);
  return () => fs.rmSync(place, { force: true });
}
