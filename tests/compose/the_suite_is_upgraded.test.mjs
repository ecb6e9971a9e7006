// O1: the images of the previous version are replaced by these, with the data in place. Which version that
// is stands in tests/compose/previous (a commit of this repository); a clone without it says so.

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

// The previous version's files in a folder of their own; null where this clone does not have it.
function previousSource() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-previous-'));
  try {
    const archive = execFileSync('git', ['archive', PREVIOUS], { cwd: TOP, stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28 });
    execFileSync('tar', ['-x', '-C', folder], { input: archive });
    return folder;
  } catch {
    fs.rmSync(folder, { recursive: true, force: true });
    return null;
  }
}

async function opens(deployment, link, folder) {
  const { json } = await act.open(deployment, link, { password: 'correct-horse', saveTo: folder });
  assert.equal(json.body, 'Good news.');
}

test('an upgrade from the previous version keeps messages, files, accounts and the log', async (t) => {
  const source = previousSource();
  if (!source) {
    t.skip(`this clone does not have the previous version, ${PREVIOUS}`);
    return;
  }
  const deployment = new Deployment(source);
  try {
    await deployment.start();
    const file = act.makeFile(deployment, 'scan.pdf', 300_000);
    const sent = await act.send(deployment, { to: 'old@recipient.example', attach: [file], password: 'correct-horse' });
    const link = await deployment.linkFor('old@recipient.example');
    await opens(deployment, link, deployment.path('before'));

    deployment.source = TOP;
    await deployment.build();
    await deployment.compose(['up', '-d']);
    await deployment.untilHealthy();

    await until('the old message to open', () => opens(deployment, link, deployment.path('after')).then(() => true, () => false), 60_000);
    assert.equal(act.sha256(deployment.path('after', 'scan.pdf')), act.sha256(file));
    await deployment.login('sender');
    assert.equal((await act.list(deployment)).find((each) => each.message === sent.message)?.status, 'opened');
    await act.send(deployment, { to: 'new@recipient.example' });
    await act.open(deployment, await deployment.linkFor('new@recipient.example'), { password: 'correct-horse' });
    const verified = await deployment.run('securemail-verify', [await act.exportLog(deployment)]);
    assert.match(verified.stdout, /^VERIFIED/);
  } finally {
    await deployment.stop();
    fs.rmSync(source, { recursive: true, force: true });
  }
});
