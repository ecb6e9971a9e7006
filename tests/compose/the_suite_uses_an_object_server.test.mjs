// DESIGN 8 in containers: with deploy/object-store.yml, ciphertext lies in the bucket of an S3-compatible server and
// not in a volume, gateway and retention alone reach it, and what is deleted leaves it.

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

let deployment;
let server;
let file;
let sent;

before(async () => {
  deployment = new Deployment();
  deployment.files.push('deploy/object-store.yml');
  try {
    server = await ObjectServer.start({ folder: deployment.path('store'), bucket: 'secure-mail', keys: [GATEWAY, RETENTION], host: deployment.host });
    await deployment.start({
      SECURE_MAIL_S3_ENDPOINT: server.url,
      SECURE_MAIL_S3_BUCKET: server.bucket,
      SECURE_MAIL_S3_KEY_ID: GATEWAY.id,
      SECURE_MAIL_S3_SECRET_FILE: server.secretFile(GATEWAY),
      SECURE_MAIL_S3_RETENTION_KEY_ID: RETENTION.id,
      SECURE_MAIL_S3_RETENTION_SECRET_FILE: server.secretFile(RETENTION),
      SECURE_MAIL_S3_CA_FILE: server.certificate.ca,
    });
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

test('a file goes into the bucket, to nowhere else, and comes back', async () => {
  file = act.makeFile(deployment, 'scan.pdf', 300_000);
  sent = await act.send(deployment, { to: ANN, attach: [file], password: 'correct-horse' });
  const folder = deployment.path('letters');

  await act.open(deployment, await deployment.linkFor(ANN), { password: 'correct-horse', saveTo: folder });

  assert.equal(act.sha256(`${folder}/scan.pdf`), act.sha256(file));
  assert.ok(server.objects().length > 0);
  assert.equal((await deployment.exec('gateway', ['find', 'var/objects', '-type', 'f', '-size', '+0'])).trim(), '');
  assert.ok(server.seen.every(({ refusal }) => refusal === null), JSON.stringify(server.seen.find(({ refusal }) => refusal)));
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
  await deployment.cli('sender', ['delete', sent.message, '--yes']);
  await deployment.compose(['restart', 'retention']); // it sweeps when it starts

  await until('an empty bucket', () => server.objects().length === 0, 60_000);

  assert.ok(server.seen.some(({ method, key }) => method === 'DELETE' && key === RETENTION.id));
});
