// O1: the images of an earlier version are replaced by these, with the data in place and people's command line
// too. Which version that is stands in tests/compose/previous: a commit of this repository with an older schema,
// so that migrations run over what people left there. A clone without it says so, and fails where SM_NEED_CONTAINERS=yes.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { TOP } from '../../dev/stack.mjs';
import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { Deployment } from './support/deployment.mjs';

const PREVIOUS = fs.readFileSync(path.join(TOP, 'tests', 'compose', 'previous'), 'utf8').trim();
const PASSWORD = 'correct-horse';
const GONE = 5;
const LEFT = ['created_ms', 'expires_ms', 'recipients', 'opened', 'replies', 'status'];

// The previous version in a folder of its own, with its command line; null where this clone does not have it.
function previousSource() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-previous-'));
  try {
    const archive = execFileSync('git', ['archive', PREVIOUS], { cwd: TOP, stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28 });
    execFileSync('tar', ['-x', '-C', folder], { input: archive });
  } catch {
    fs.rmSync(folder, { recursive: true, force: true });
    return null;
  }
  execFileSync('make', ['-s', `-j${os.cpus().length}`, 'MODE=release', 'programs'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  return folder;
}

const migrations = (source) => fs.readdirSync(path.join(source, 'db', 'migrations')).filter((name) => name.endsWith('.sql'));

async function mailed(deployment, to, more = {}) {
  const { message } = await act.send(deployment, { to, password: PASSWORD, ...more });
  return { message, link: await deployment.linkFor(to) };
}

async function opens(deployment, { link }, saveTo) {
  const { json } = await act.open(deployment, link, { password: PASSWORD, saveTo });
  assert.equal(json.body, 'Good news.');
}

// What the sender's list says of each message, by its id.
async function listed(deployment) {
  return Object.fromEntries((await act.list(deployment)).map((row) => [row.message, Object.fromEntries(LEFT.map((name) => [name, row[name]]))]));
}

test('an upgrade over an older schema keeps messages, files, answers, accounts, what the list says, and the log', async (t) => {
  const source = previousSource();
  if (!source) {
    const reason = `this clone does not have the previous version, ${PREVIOUS}`;
    assert.notEqual(process.env.SM_NEED_CONTAINERS, 'yes', reason);
    t.skip(reason);
    return;
  }
  const added = migrations(TOP).filter((name) => !migrations(source).includes(name));
  assert.notDeepEqual(added, []);
  const deployment = new Deployment(source);
  try {
    await deployment.start();
    const file = act.makeFile(deployment, 'scan.pdf', 300_000);
    const read = await mailed(deployment, 'read@recipient.example', { attach: [file] });
    const unread = await mailed(deployment, 'unread@recipient.example', { attach: [file] });
    const revoked = await mailed(deployment, 'revoked@recipient.example');
    await opens(deployment, read, deployment.path('before'));
    await act.reply(deployment, read.link, { password: PASSWORD, body: 'An answer of the old version.' });
    await deployment.cli('sender', ['revoke', revoked.message]);
    const before = await until('the list to say so', async () => {
      const rows = await listed(deployment);
      return rows[read.message].replies === 1 && rows[read.message].status === 'replied' && rows[unread.message].status === 'delivered' && rows;
    });

    deployment.source = TOP;
    await deployment.build();
    await deployment.compose(['up', '-d']);
    await deployment.untilHealthy();

    await until('an old message to open', () => opens(deployment, read, deployment.path('after')).then(() => true, () => false), 60_000);
    await opens(deployment, unread, deployment.path('first'));
    for (const folder of ['after', 'first']) assert.equal(act.sha256(deployment.path(folder, 'scan.pdf')), act.sha256(file));
    await act.open(deployment, revoked.link, { password: PASSWORD, exit: GONE });

    await deployment.login('sender');
    before[unread.message] = { ...before[unread.message], opened: 1, status: 'opened' };
    await until('the list to say what it said, and the new opening', async () => {
      try {
        assert.deepEqual(await listed(deployment), before);
        return true;
      } catch (error) {
        if (error.code !== 'ERR_ASSERTION') throw error;
        return false;
      }
    });
    const { replies } = await act.show(deployment, read.message);
    assert.equal((await deployment.cli('sender', ['read', replies[0].message])).json.body, 'An answer of the old version.');

    const fresh = await mailed(deployment, 'fresh@recipient.example', { attach: [file] });
    await opens(deployment, fresh, deployment.path('fresh'));
    await act.reply(deployment, unread.link, { password: PASSWORD });
    const verified = await deployment.run('securemail-verify', [await act.exportLog(deployment)]);
    assert.match(verified.stdout, /^VERIFIED/);
    const kinds = act.kindsOf(await act.log(deployment), read.message);
    for (const kind of ['sent', 'opened', 'replied']) assert.ok(kinds.includes(kind), `${kind} in ${kinds}`);
  } finally {
    await deployment.stop();
    fs.rmSync(source, { recursive: true, force: true });
  }
});
