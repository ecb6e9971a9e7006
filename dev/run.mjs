// What `make run`, `make start`, `make stop`, `make status`, `make backup` and `make restore` do. Everything
// lives in ./var.
// Usage: node dev/run.mjs run | start | stop | status | backup | restore

import { execFileSync, spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

import { SERVICES, Stack, StackError, TOP, sleep } from './stack.mjs';

const FOLDER = path.join(TOP, 'var');
const BIN = path.join(TOP, 'build', 'release', 'bin');
const SUPERVISOR_PID = path.join(FOLDER, 'run', 'supervisor.pid');
const READY = path.join(FOLDER, 'run', 'ready');
const START_MS = 60_000;

const port = (name, fallback) => {
  const value = Number(process.env[name] ?? fallback);
  if (Number.isInteger(value) && value > 0 && value < 65_000) return value;
  throw new StackError(`${name}=${process.env[name]} is not a port number. Give one from 1 to 64999, or leave it out.`);
};

function stack() {
  const bus = port('SECURE_MAIL_BUS_PORT', 5701);
  return new Stack({
    folder: FOLDER,
    bin: BIN,
    ports: { http: port('SECURE_MAIL_PORT', 8480), smtp: port('SECURE_MAIL_SMTP_PORT', 2525), bus: [bus, bus + 1, bus + 2, bus + 3] },
    smtp: { onMail: announce },
    say: step,
  });
}

function step(text) {
  console.log(`  ${text}`);
}

// Each notification's link and each code, as they arrive at the development mail server.
function announce(mail) {
  const what = mail.link ? `link: ${mail.link}` : mail.code ? `code: ${mail.code}` : mail.subject;
  console.log(`\n  mail for ${mail.to}\n    ${what}`);
}

// --- the demo organisation --------------------------------------------------------------------------

const tool = (name, args, options = {}) =>
  execFileSync(path.join(BIN, name), args, { stdio: ['ignore', 'pipe', 'pipe'], ...options }).toString();

function adminTool(running, args) {
  return JSON.parse(
    tool('securemail-admin', [...args, '--json', '--socket', running.operatorEndpoint(), '--keys', running.path('keys')]),
  );
}

function passwordFile(name) {
  const file = path.join(FOLDER, `${name}.password`);
  if (!fs.existsSync(file)) fs.writeFileSync(file, crypto.randomBytes(9).toString('base64url') + '\n', { mode: 0o600 });
  return file;
}

const DEMO = [
  { name: 'Demo Sender', email: 'sender@demo.example', roles: 'sender', file: 'sender' },
  { name: 'Demo Administrator', email: 'admin@demo.example', roles: 'admin,auditor', file: 'admin' },
];

// Made once: an organisation that is there already is left as it is.
function makeDemo(running) {
  const { organisations } = adminTool(running, ['org', 'list']);
  const existing = organisations.find((each) => each.name === 'Demo Clinic');
  const organisation =
    existing?.organisation ?? adminTool(running, ['org', 'create', '--name', 'Demo Clinic', '--language', 'en']).organisation;
  for (const { name, email, roles, file } of DEMO) {
    const password = passwordFile(file); // fails here, not half-way, when the disk is full
    try {
      adminTool(running, [
        'user', 'create', '--org', organisation, '--email', email, '--name', name, '--roles', roles, '--password-file', password,
      ]);
    } catch (error) {
      if (!String(error.stderr).includes('conflict') && !String(error.stdout).includes('conflict')) throw error;
    }
  }
  step(existing ? 'found the demo organisation again' : 'made the demo organisation');
}

function printWelcome(running) {
  const bin = path.relative(TOP, BIN);
  console.log(`
Secure Mail is running. Ctrl-C (or make stop) stops it.

In a browser: ${running.url}
  sign in as sender@demo.example (the password is in var/sender.password) and send a message to any address;
  its mail does not leave this machine: the link appears below, and opens in the browser too.

Or in another terminal:
  export PATH=$PWD/${bin}:$PATH
  securemail login --server ${running.url} --email sender@demo.example --password-file var/sender.password
  echo 'The results are good.' > /tmp/body.txt; (umask 077; echo 'our-shared-password' > /tmp/pw)
  securemail send --to patient@example.org --subject 'Your results' --body-file /tmp/body.txt \\
      --check password --recipient-password-file /tmp/pw --expires 7d
  securemail open 'THE LINK THAT APPEARS HERE' --password-file /tmp/pw
  securemail list
The administrator is admin@demo.example (var/admin.password). Received mail is kept in var/mail, logs in var/log.`);
}

// --- commands ---------------------------------------------------------------------------------------

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
};

const readPid = (file) => (fs.existsSync(file) ? Number(fs.readFileSync(file, 'utf8')) : 0);

function supervisorPid() {
  const pid = readPid(SUPERVISOR_PID);
  return pid && isAlive(pid) ? pid : 0;
}

async function run() {
  if (supervisorPid()) throw new StackError('It is running already (make status). Stop it first: make stop');
  const running = stack();
  let stopping = null;
  const stop = () => (stopping ??= shutDown(running));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    console.log('Starting Secure Mail');
    fs.mkdirSync(path.join(FOLDER, 'run'), { recursive: true, mode: 0o700 });
    fs.rmSync(READY, { force: true });
    fs.writeFileSync(SUPERVISOR_PID, `${process.pid}\n`);
    await running.start();
    step('the five services are ready');
    makeDemo(running);
    fs.writeFileSync(READY, '');
    printWelcome(running);
    watch(running, stop);
  } catch (error) {
    if (!stopping) {
      explain(error);
      await stop();
      process.exitCode = 1;
    }
  }
  await stopping;
}

// A service that ends by itself ends the whole stack, in words.
function watch(running, stop) {
  for (const [service, { exited }] of running.running)
    exited.then(({ code, signal }) => {
      if (!running.running.has(service)) return;
      console.error(`\n${service} ended by itself (${signal ?? `status ${code}`}): see var/log/${service}.log`);
      process.exitCode = 1;
      stop();
    });
}

async function shutDown(running) {
  console.log('\nStopping');
  try {
    await running.stop();
    console.log('Stopped. The data stays in ./var.');
  } catch (error) {
    console.error(`  ${error.message}`);
    process.exitCode = 1;
  } finally {
    fs.rmSync(SUPERVISOR_PID, { force: true });
    fs.rmSync(READY, { force: true });
  }
}

async function start() {
  if (supervisorPid()) throw new StackError('It is running already (make status).');
  fs.mkdirSync(path.join(FOLDER, 'log'), { recursive: true, mode: 0o700 });
  fs.rmSync(READY, { force: true });
  const file = path.join(FOLDER, 'log', 'run.log');
  const log = fs.openSync(file, 'a', 0o600);
  const from = fs.fstatSync(log).size;
  const child = spawn(process.execPath, [path.join(TOP, 'dev', 'run.mjs'), 'run'], { detached: true, stdio: ['ignore', log, log] });
  child.unref();
  for (const end = Date.now() + START_MS; Date.now() < end; await sleep(100)) {
    if (!fs.existsSync(READY) && child.exitCode === null) continue;
    process.stdout.write(fs.readFileSync(file).subarray(from));
    process.exitCode = fs.existsSync(READY) ? 0 : 1;
    return;
  }
  throw new StackError(`It is not ready after ${START_MS / 1000} s: see var/log/run.log`);
}

async function stop() {
  const pid = supervisorPid();
  if (!pid) {
    console.log('It is not running.');
    return;
  }
  process.kill(pid, 'SIGTERM');
  while (isAlive(pid)) await sleep(50);
  console.log('Stopped. The data stays in ./var.');
}

function status() {
  const isUp = Boolean(supervisorPid()) && fs.existsSync(READY);
  for (const service of SERVICES) {
    const pid = readPid(path.join(FOLDER, 'run', `${service}.pid`));
    console.log(`${service.padEnd(10)} ${pid && isAlive(pid) ? `running (${pid})` : 'not running'}`);
  }
  console.log(isUp ? 'Secure Mail is running.' : 'Secure Mail is not running.');
  process.exitCode = isUp ? 0 : 3; // the status that init scripts give for "not running"
}

// A folder in ./var/backups, or FOLDER=. The first one makes the key pair.
async function backup() {
  const running = stack();
  const [publicKey, secretKey] = [path.join(FOLDER, 'backup.pub'), path.join(FOLDER, 'backup.key')];
  if (!fs.existsSync(running.path('pg'))) throw new StackError('There is nothing to back up yet: make run');
  if (!fs.existsSync(publicKey)) {
    tool('securemail-backup', ['key', 'make', '--public', publicKey, '--secret', secretKey]);
    console.log(`Made the key that opens backups: ${secretKey}\nMove it to another machine, with a copy of ${running.path('master.key')}: nothing can be restored without both.`);
  }
  const name = new Date().toISOString().replace(/[-:]/g, '').replace(/\..*/, '');
  const folder = path.resolve(process.env.FOLDER ?? path.join(FOLDER, 'backups', name));
  const isUp = Boolean(supervisorPid());
  running.cluster.place();
  if (!isUp) await running.cluster.start();
  try {
    console.log(await running.backup(folder, publicKey));
  } finally {
    if (!isUp) await running.cluster.stop();
  }
}

async function restore() {
  const { FILE, KEY = path.join(FOLDER, 'backup.key'), JOURNAL = '', WITHOUT_JOURNAL } = process.env;
  const running = stack();
  if (!FILE) throw new StackError('usage: make restore FILE=folder-of-the-backup KEY=backup.key JOURNAL=erasures.journal');
  if (supervisorPid()) throw new StackError('Stop it first: make stop');
  if (!fs.existsSync(running.path('master.key')))
    throw new StackError(`Put the master key of that time at ${running.path('master.key')} first: no backup holds it.`);
  const journals = JOURNAL.split(' ').filter(Boolean).map((each) => path.resolve(each));
  console.log(await running.restore(path.resolve(FILE), path.resolve(KEY), { journals, withoutJournal: WITHOUT_JOURNAL === 'yes' }));
}

function explain(error) {
  const full = error.code === 'ENOSPC' || /No space left/.test(String(error.stderr));
  if (full) console.error(`The disk that holds ${FOLDER} is full. Free some room, then start again.`);
  else if (error instanceof StackError) console.error(error.message);
  else console.error(`${error.message}\n${error.stderr ?? ''}`.trim());
}

const commands = { run, start, stop, status, backup, restore };
try {
  const command = commands[process.argv[2]];
  if (!command) throw new StackError('usage: node dev/run.mjs run | start | stop | status | backup | restore');
  await command();
} catch (error) {
  explain(error);
  process.exitCode = 1;
}
