// DESIGN 8 in containers: a suite with its ciphertext in a volume moves to the bucket of an S3-compatible server, by the
// runbook's own lines. With deploy/object-store.yml ciphertext lies there and not in the volume, gateway and
// retention alone reach it, and what is deleted leaves it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { ObjectServer } from '../system/support/object-server.mjs';
import { until } from '../system/support/world.mjs';
import { Deployment, SERVICES } from './support/deployment.mjs';

const GATEWAY = { id: 'GATEWAYKEY', secret: 'a+secret/of-the-gateways=' };
const RETENTION = { id: 'RETENTIONKEY', secret: 'another+secret/of-retention=', allows: ({ method, url }) => method === 'DELETE' || url.includes('?') };
const ANN = 'ann@recipient.example';
const BEN = 'ben@recipient.example';

let deployment;
let server;
const sent = {}; // by recipient: the message and its file

before(async () => {
  deployment = new Deployment();
  try {
    server = await ObjectServer.start({ folder: deployment.path('store'), bucket: 'secure-mail', keys: [GATEWAY, RETENTION], host: deployment.host });
    await deployment.start();
  } catch (error) {
    await deployment.stop().catch(() => {});
    deployment = null;
    throw error;
  }
});
after(async () => {
  await deployment?.stop();
  await server?.close();
});

async function send(to, name) {
  const file = act.makeFile(deployment, name, 300_000);
  const { message } = await act.send(deployment, { to, attach: [file], password: 'correct-horse' });
  sent[to] = { message, file, name };
}

async function openWhole(to) {
  const { file, name } = sent[to];
  const folder = deployment.path(`letters-${name}`);
  fs.rmSync(folder, { recursive: true, force: true });
  await act.open(deployment, await deployment.linkFor(to), { password: 'correct-horse', saveTo: folder });
  assert.equal(act.sha256(`${folder}/${name}`), act.sha256(file));
}

// The ciphertext that lies in the volume.
const inVolume = async () => (await deployment.exec('gateway', ['find', 'var/objects', '-type', 'f', '-size', '+0'])).split('\n').filter(Boolean);

test('the runbook moves the ciphertext of a folder into the bucket, and then empties the folder', async () => {
  await send(BEN, 'old.pdf');
  assert.ok((await inVolume()).length > 0);
  deployment.addSettings({
    SECURE_MAIL_S3_ENDPOINT: server.url,
    SECURE_MAIL_S3_BUCKET: server.bucket,
    SECURE_MAIL_S3_KEY_ID: GATEWAY.id,
    SECURE_MAIL_S3_SECRET_FILE: server.secretFile(GATEWAY),
    SECURE_MAIL_S3_RETENTION_KEY_ID: RETENTION.id,
    SECURE_MAIL_S3_RETENTION_SECRET_FILE: server.secretFile(RETENTION),
    SECURE_MAIL_S3_CA_FILE: server.certificate.ca,
  });
  deployment.files.push('deploy/object-store.yml');

  assert.match(await deployment.runbook('to-bucket'), /parts are in the bucket secure-mail/);
  await deployment.untilHealthy();
  await deployment.runbook('empty-folder');

  assert.deepEqual(await inVolume(), []);
  assert.ok(server.objects().some((key) => key.includes(sent[BEN].message)));
  await openWhole(BEN);
});

test('a file goes into the bucket, to nowhere else, and comes back', async () => {
  await send(ANN, 'scan.pdf');

  await openWhole(ANN);

  assert.ok(server.objects().some((key) => key.includes(sent[ANN].message)));
  assert.deepEqual(await inVolume(), []);
  assert.ok(server.seen.every(({ refusal }) => refusal === null), JSON.stringify(server.seen.find(({ refusal }) => refusal)));
});

test('the runbook takes over a secret that was changed at the server', async () => {
  GATEWAY.secret = 'the-next+secret/of-the-gateways=';
  server.secretFile(GATEWAY);

  await deployment.runbook('renew-secret');

  await deployment.untilHealthy();
  await openWhole(ANN);
});

test('gateway and retention alone have a way to the server', async () => {
  for (const service of SERVICES) {
    const { Networks } = deployment.inspect(service).NetworkSettings;
    const hasWay = Object.keys(Networks).some((name) => name.endsWith('_bucket'));
    assert.equal(hasWay, ['gateway', 'retention'].includes(service), service);
  }
});

test('the secrets are in files of gateway and retention, and in no environment', () => {
  for (const service of SERVICES) {
    const { Pid } = deployment.inspect(service).State;
    const environment = fs.readFileSync(`/proc/${Pid}/environ`, 'latin1');
    for (const { secret } of [GATEWAY, RETENTION]) assert.ok(!environment.includes(secret), service);
  }
});

test('what is deleted leaves the bucket, by the hand of retention', async () => {
  for (const { message } of Object.values(sent)) await deployment.cli('sender', ['delete', message, '--yes']);
  await deployment.compose(['restart', 'retention']); // it sweeps when it starts

  await until('an empty bucket', () => server.objects().length === 0, 60_000);

  assert.ok(server.seen.some(({ method, key }) => method === 'DELETE' && key === RETENTION.id));
});
