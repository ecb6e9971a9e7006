// The promise of docs/runbook.md, "Without containers", by its own lines: `make backup` beside a suite that runs; in a folder
// that has nothing but the master key, `make restore` and `make run`. What was deleted since stays deleted.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { TOP, freePorts } from '../../dev/stack.mjs';
import { copySource } from '../support/copy-source.mjs';
import { runbookBlock } from '../support/runbook.mjs';
import * as act from './support/actions.mjs';
import { BIN, World, runProgram, until } from './support/world.mjs';

const PASSWORD = 'correct-horse';
const START_MS = 120_000;

// A clone in which make has built already, with programs of these tests in the place of the released ones.
class Checkout extends World {
  constructor(ports) {
    super(fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-make-')));
    fs.chmodSync(this.folder, 0o711);
    copySource(this.folder);
    fs.cpSync(BIN, this.path('build', 'release', 'bin'), { recursive: true });
    fs.cpSync(path.join(TOP, 'build', 'web'), this.path('build', 'web'), { recursive: true });
    fs.symlinkSync(path.join(TOP, 'node_modules'), this.path('node_modules'));
    this.log = this.path('printed.log');
    const kept = Object.fromEntries(['PATH', 'HOME', 'USER'].filter((name) => process.env[name]).map((name) => [name, process.env[name]]));
    this.environment = { ...kept, LANG: 'C.UTF-8', SECURE_MAIL_PORT: ports.http, SECURE_MAIL_SMTP_PORT: ports.smtp, SECURE_MAIL_BUS_PORT: ports.bus };
    this.url = `http://127.0.0.1:${ports.http}`;
  }

  async type(text, code = 0) {
    const { stdout, stderr, code: ended } = await runProgram('bash', ['-euo', 'pipefail', '-c', text], { cwd: this.folder, env: this.environment });
    assert.equal(ended, code, stdout + stderr);
    return stdout + stderr;
  }

  // Lines of which the last one, `make run`, stays in the foreground.
  async begin(text) {
    const log = fs.openSync(this.log, 'w'); // whatever a checkout had there is not what this run says
    this.shell = spawn('bash', ['-euo', 'pipefail', '-c', text], { cwd: this.folder, env: this.environment, stdio: ['ignore', log, log] });
    fs.closeSync(log);
    await until('make run to say that it runs', () => {
      if (this.shell.exitCode !== null) throw new Error(`it ended with ${this.shell.exitCode}:\n${this.printed()}`);
      return this.printed().includes('Secure Mail is running');
    }, START_MS);
  }

  printed() {
    return fs.readFileSync(this.log, 'utf8');
  }

  linkFor(address) {
    return until(`the link of ${address}`, () => this.printed().match(new RegExp(`mail for ${address}\n +link: (\\S+)`))?.[1]);
  }

  logIn(password) {
    return this.cli('sender', ['login', '--server', this.url, '--email', 'sender@demo.example', '--password-file', password]);
  }

  async end() {
    if (!this.shell) return;
    await until('make run to end', async () => {
      await this.type('make -s stop'); // again, where it was only about to start
      return this.shell.exitCode !== null || this.shell.signalCode !== null;
    }, START_MS);
  }

  async remove() {
    await this.end();
    const database = fs.existsSync(this.path('var', 'pg')) ? fs.realpathSync(this.path('var', 'pg')) : null; // it may lie elsewhere: dev/cluster.mjs
    fs.rmSync(this.folder, { recursive: true, force: true });
    if (database) fs.rmSync(database, { recursive: true, force: true });
  }
}

// One for people, one for mail, and four in a row for the bus.
async function choosePorts() {
  for (;;) {
    const [http, smtp, bus, , , last] = (await freePorts(6)).sort((one, other) => one - other);
    if (last - bus === 3) return { http, smtp, bus };
  }
}

let here; // where everything begins
let there; // where it is restored
const kept = {};
const deleted = {};

before(async () => {
  const ports = await choosePorts();
  here = new Checkout(ports);
  there = new Checkout(ports);
  await here.begin('make run');
  await here.logIn(here.path('var', 'sender.password'));
});
after(async () => {
  for (const each of [here, there]) await each?.remove();
});

test('make backup makes the key and a backup, while people work', async () => {
  for (const [name, message] of Object.entries({ kept, deleted })) {
    const to = `${name}@recipient.example`;
    message.file = act.makeFile(here, `${name}.bin`, 70_000);
    message.id = (await act.send(here, { to, password: PASSWORD, attach: [message.file] })).message;
    message.link = await here.linkFor(to);
  }

  const said = await here.type(runbookBlock('make-backup'));

  assert.match(said, /Made the key that opens backups: \S+\/var\/backup\.key\n/);
  assert.match(said, /backup: \S+\/var\/backups\/\d{8}T\d{6} holds everything/);
});

test('make restore asks for the journal of erasures', async () => {
  await here.cli('sender', ['delete', deleted.id, '--yes']);
  await here.end();
  const [backup] = fs.readdirSync(here.path('var', 'backups'));
  fs.cpSync(here.path('var', 'backups', backup), there.path('monday'), { recursive: true });
  fs.copyFileSync(here.path('var', 'backup.key'), there.path('backup.key'));
  fs.copyFileSync(here.path('var', 'journal', 'erasures.journal'), there.path('erasures.journal'));

  assert.match(await there.type('make restore FILE=monday KEY=backup.key', 2), /Put the master key of that time at/);
  fs.mkdirSync(there.path('var'));
  for (const name of ['master.key', 'sender.password']) fs.copyFileSync(here.path('var', name), there.path('var', name));
  assert.match(await there.type('make restore FILE=monday KEY=backup.key', 2), /name the journal of erasures/);
});

test('make restore and make run bring everything back that was not deleted since', async () => {
  await there.begin(runbookBlock('make-restore'));
  assert.match(there.printed(), /restore: everything of .* is back/);

  const opened = await act.open(there, kept.link, { password: PASSWORD, saveTo: there.path('saved') });
  assert.equal(opened.json.body, 'Good news.');
  assert.equal(act.sha256(there.path('saved', 'kept.bin')), act.sha256(kept.file));
  await act.open(there, deleted.link, { password: PASSWORD, exit: 5 });
});

test('the sender signs in with the password of before, and sends', async () => {
  await there.logIn(there.path('var', 'sender.password'));

  await act.send(there, { to: 'new@recipient.example', password: PASSWORD });

  await act.open(there, await there.linkFor('new@recipient.example'), { password: PASSWORD });
});
