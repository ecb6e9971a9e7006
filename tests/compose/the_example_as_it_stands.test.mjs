// README, "Deploy it": its three commands and nothing else, with .env.example as it stands. Everything is healthy, the pages
// are there at the published port, and mail waits for a relay that nobody has named yet. The images are the tests' own.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { TOP } from '../../dev/stack.mjs';
import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { copySource } from '../support/copy-source.mjs';
import { runbookBlock } from '../support/runbook.mjs';
import { Deployment, SERVICES, docker } from './support/deployment.mjs';

// A clone of what stands here, in which an operator types.
class Example extends Deployment {
  constructor() {
    super();
    this.project = 'secure-mail-example';
    this.source = this.folder;
    this.upLog = this.path('up.log');
    copySource(this.folder);
    fs.symlinkSync(path.join(TOP, 'build'), this.path('build')); // people's command line
  }

  // Files and settings are found as compose finds them by itself.
  get words() {
    return ['-p', this.project];
  }

  get environment() {
    return { ...super.environment, SECURE_MAIL_TAG: 'test' };
  }

  // `docker-compose up` stays in the foreground.
  begin() {
    const log = fs.openSync(this.upLog, 'a');
    const options = { cwd: this.folder, env: this.environment, stdio: ['ignore', log, log], detached: true };
    this.shell = spawn('bash', ['-euo', 'pipefail', '-c', `umask 022\n${this.asTyped(runbookBlock('install'))}`], options);
    this.ended = new Promise((resolve) => this.shell.once('exit', resolve));
    fs.closeSync(log);
  }

  isHealthy(service) {
    if (this.shell.exitCode !== null) throw new Error(`it ended with ${this.shell.exitCode}:\n${fs.readFileSync(this.upLog, 'utf8').slice(-4000)}`);
    return super.isHealthy(service);
  }

  // Ctrl-C: the terminal says it to all of them.
  interrupt() {
    if (this.shell.exitCode === null && this.shell.signalCode === null) process.kill(-this.shell.pid, 'SIGINT');
    return this.ended;
  }
}

const example = fs.readFileSync(path.join(TOP, '.env.example'), 'utf8');
const setting = (name) => example.match(new RegExp(`^${name}=(.*)$`, 'm'))[1];

async function checkPort(port) {
  const server = net.createServer();
  await new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`Port ${port}, which .env.example publishes, cannot be used here (${error.code}): this test needs it free.`)));
    server.listen(port, '0.0.0.0', resolve);
  });
  await new Promise((resolve) => server.close(resolve));
}

let deployment;

before(async () => {
  await checkPort(Number(setting('SECURE_MAIL_PORT')));
  deployment = new Example();
  try {
    fs.writeFileSync(deployment.path('.env'), example); // compose reads it for every command
    fs.appendFileSync(deployment.path('.env'), 'SECURE_MAIL_MASTER_KEY=none\n');
    await deployment.takeDown(); // what an earlier run may have left
    await deployment.build();
    fs.rmSync(deployment.path('.env'));
    deployment.begin();
    await deployment.untilHealthy();
    docker('cp', `${deployment.container('gateway')}:/srv/secure-mail/var/keys/tls.pem`, deployment.path('tls.pem'));
  } catch (error) {
    await stop().catch(() => {});
    deployment = null;
    throw error;
  }
});
after(() => stop());

async function stop() {
  if (deployment?.shell) await deployment.interrupt();
  await deployment?.stop();
}

test('README and runbook have the same three commands', () => {
  const [, block] = fs.readFileSync(path.join(TOP, 'README.md'), 'utf8').match(/^## Deploy it\n[^]*?^```\n([^]*?)^```$/m);

  assert.equal(block, runbookBlock('install'));
});

test('.env is the example with a master key behind it, and nobody else may read it', () => {
  const file = deployment.path('.env');
  const text = fs.readFileSync(file, 'utf8');

  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  assert.equal(text.slice(0, example.length), example);
  assert.match(text.slice(example.length), /^SECURE_MAIL_MASTER_KEY=[A-Za-z0-9+/]{43}=\n$/);
});

test('the first page is there, under the address that the example names', async () => {
  const ca = fs.readFileSync(deployment.path('tls.pem'));
  const { status, text } = await new Promise((resolve, reject) => {
    https.get(`${setting('SECURE_MAIL_BASE_URL')}/`, { ca }, (answer) => {
      let body = '';
      answer.on('data', (bytes) => (body += bytes)).on('end', () => resolve({ status: answer.statusCode, text: body }));
    }).on('error', reject);
  });

  assert.equal(status, 200);
  assert.match(text, /<script[^>]+src="\/[^"]+\.js"/);
});

test('a message is taken; its mail waits for the relay, and everything stays healthy', async () => {
  deployment.stack = { url: setting('SECURE_MAIL_BASE_URL') };
  deployment.url = deployment.stack.url;
  await deployment.makePeople();

  await act.send(deployment, { to: 'ann@recipient.example' });

  const metrics = `exec 3<>/dev/tcp/127.0.0.1/9300; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;
  await until('the mail to wait', async () => /^secure_mail_mail_waiting 1$/m.test(await deployment.exec('notifier', ['bash', '-c', metrics])));
  for (const service of SERVICES) assert.ok(deployment.isHealthy(service), service);
});

test('Ctrl-C stops all of it in order', async () => {
  await deployment.interrupt();

  for (const service of [...SERVICES, 'postgres']) {
    const { Status, ExitCode } = deployment.inspect(service).State;
    assert.deepEqual([Status, ExitCode], ['exited', 0], service);
  }
});
