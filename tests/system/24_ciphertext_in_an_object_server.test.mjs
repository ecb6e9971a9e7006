// DESIGN 8: ciphertext in an S3-compatible store, chosen by configuration. Two gateways and retention work on a real
// server (s3rver, behind a check of every signature); nothing that was acknowledged is lost when a gateway is killed or
// the server is down; and what is deleted leaves the bucket.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { TOP } from '../../dev/stack.mjs';
import { allUnder } from '../support/walk.mjs';
import * as act from './support/actions.mjs';
import { ObjectServer, refusalOf } from './support/object-server.mjs';
import * as pages from './support/pages.mjs';
import { runProgram, startWorld, until } from './support/world.mjs';

const PASSWORD = 'correct-horse';
const BLOCK = 256 * 1024; // what a gateway has in memory of an upload, and puts into the store at a time
const FILE_BYTES = 20_000_000;

const listsOrDeletes = ({ method, url }) => method === 'DELETE' || (method === 'GET' && url.includes('?'));
const GATEWAY = { id: 'GATEWAYKEY', secret: 'a+secret/of-the-gateways=' };
const RETENTION = { id: 'RETENTIONKEY', secret: 'another+secret/of-retention=', allows: listsOrDeletes };

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-store-'));
let server;
let world;
before(async () => {
  server = await ObjectServer.start({ folder, bucket: 'secure-mail', keys: [GATEWAY, RETENTION] });
  world = await startWorld({
    replicas: { gateway: 2 },
    env: {
      gateway: server.settings(GATEWAY),
      retention: { ...server.settings(RETENTION), SECURE_MAIL_RETENTION_INTERVAL_S: '1' },
    },
  });
});
after(async () => {
  await world?.stop();
  await server?.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

// --- what the test itself relies on ----------------------------------------------------------------------

// The examples that AWS publishes with their signatures (Amazon S3 API Reference, "Signature Calculations").
test('the check of signatures accepts the examples that are published, and nothing beside them', () => {
  const key = { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', region: 'us-east-1' };
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  const at = Date.parse('2013-05-24T00:00:00Z');
  const example = (url, names, signature, more = {}) => ({
    method: 'GET', url, body: Buffer.alloc(0),
    headers: {
      host: 'examplebucket.s3.amazonaws.com', 'x-amz-content-sha256': empty, 'x-amz-date': '20130524T000000Z', ...more,
      authorization: `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${names},Signature=${signature}`,
    },
  });
  const range = example('/test.txt', 'host;range;x-amz-content-sha256;x-amz-date', 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41', { range: 'bytes=0-9' });
  const list = example('/?max-keys=2&prefix=J', 'host;x-amz-content-sha256;x-amz-date', '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7');

  for (const request of [range, list]) {
    assert.equal(refusalOf(request, key, at), null);
    assert.equal(refusalOf({ ...request, method: 'PUT' }, key, at), 'SignatureDoesNotMatch');
    assert.equal(refusalOf({ ...request, body: Buffer.from('x') }, key, at), 'XAmzContentSHA256Mismatch');
    assert.equal(refusalOf(request, { ...key, secret: 'other' }, at), 'SignatureDoesNotMatch');
    assert.equal(refusalOf(request, key, at + 3600_000), 'RequestTimeTooSkewed');
  }
});

// --- a message's life --------------------------------------------------------------------------------------

const sent = [];

async function sendFile(address, name, size) {
  const file = act.makeFile(world, name, size);
  const { message } = await act.send(world, { to: address, password: PASSWORD, attach: [file] });
  sent.push({ address, message, file });
  return sent.at(-1);
}

test('a message with a large attachment is sent, and opened, by two gateways that share nothing but the bucket', async () => {
  const { address, message, file } = await sendFile('large@recipient.example', 'scan.bin', FILE_BYTES);
  const saved = world.path('saved');
  await act.open(world, await world.linkFor(address), { password: PASSWORD, saveTo: saved });

  assert.equal(act.sha256(path.join(saved, 'scan.bin')), act.sha256(file));
  for (const name of world.stack.ofKind('gateway')) assert.ok(world.balancer.carried[world.stack.urlOf(name)] > 0, name);
  assert.deepEqual(server.objects().filter((key) => key.endsWith('/whole')), [0, 1].map((part) => `${message}/${part}/whole`));
  assert.deepEqual(server.seen.filter(({ refusal }) => refusal && refusal !== 'AccessDenied'), []);
});

test('nothing of it lies on a disk of the gateways', () => {
  assert.deepEqual(allUnder(world.stack.path('objects')), []);
});

test('a range across blocks is what it is of the whole', async () => {
  const { message } = sent[0];
  const office = await pages.officeOf(world, 'sender');
  const { capability } = await office.call('read', { message });
  const get = (headers) => fetch(`${world.url}/api/v1/messages/${message}/parts/1`, { headers: { 'Secure-Mail-Capability': capability, ...headers } });
  const whole = Buffer.from(await (await get({})).arrayBuffer());
  const from = 2 * BLOCK - 1000;
  const part = await get({ Range: `bytes=${from}-${from + BLOCK + 2000}` });

  assert.equal(part.status, 206);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), whole.subarray(from, from + BLOCK + 2001));
});

// --- uploads -------------------------------------------------------------------------------------------------

async function draftOf() {
  const office = await pages.officeOf(world, 'sender');
  const message = crypto.randomBytes(16).toString('hex');
  const { capability } = await office.call('compose', { message });
  return { message, headers: { 'Tus-Resumable': '1.0.0', 'Secure-Mail-Capability': capability, 'Secure-Mail-Request': '1' } };
}

const PLAIN = 4_000_000;
const LENGTH = PLAIN + 56 + 16 * Math.ceil((PLAIN + 1) / 16_368); // any size of a sealed part would do

async function begin(gateway, { headers }) {
  const metadata = `part ${Buffer.from('1').toString('base64')}`;
  const answer = await fetch(`${gateway}/api/v1/uploads`, { method: 'POST', headers: { ...headers, 'Upload-Length': String(LENGTH), 'Upload-Metadata': metadata } });
  assert.equal(answer.status, 201, await answer.text());
  return answer.headers.get('Location');
}

const patch = (url, { headers }, offset, body) =>
  fetch(url, { method: 'PATCH', headers: { ...headers, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }, body });

async function offsetAt(url, { headers }) {
  const answer = await fetch(url, { method: 'HEAD', headers });
  return answer.status === 200 ? Number(answer.headers.get('Upload-Offset')) : answer.status;
}

// The part as its list in the bucket says it, read from the server's own disk.
function storedPart(message, part) {
  const at = (key) => path.join(server.data, server.bucket, `${key}._S3rver_object`);
  const [title, ...names] = fs.readFileSync(at(`${message}/${part}/whole`), 'utf8').trim().split('\n');
  const upload = title.split(' ')[1];
  let bytes = Buffer.alloc(0);
  for (const name of names) {
    const offset = Number(name.split('-')[0]);
    bytes = Buffer.concat([bytes, fs.readFileSync(at(`${message}/${part}/${upload}/${name}`)).subarray(bytes.length - offset)]);
  }
  return bytes;
}

test('an upload whose gateway is killed goes on at the other, from the last block that is stored', async () => {
  const [one, other] = world.stack.ofKind('gateway');
  const draft = await draftOf();
  const bytes = crypto.randomBytes(LENGTH);
  await world.stack.stopService(one);
  await world.stack.startService(one, { SM_FAIL_POINT: 'gateway.upload.after-append:4' });
  const place = await begin(world.stack.urlOf(one), draft);
  await assert.rejects(patch(world.stack.urlOf(one) + place, draft, 0, bytes));
  await world.stack.exitOf(one);

  const url = world.stack.urlOf(other) + place;
  assert.equal(await offsetAt(url, draft), 4 * BLOCK);
  assert.equal((await patch(url, draft, 4 * BLOCK, bytes.subarray(4 * BLOCK))).status, 204);
  assert.equal(await offsetAt(url, draft), LENGTH);
  assert.deepEqual(storedPart(draft.message, 1), bytes);
  await world.stack.startService(one);
});

for (const point of ['gateway.upload.before-link', 'gateway.upload.after-link', 'gateway.upload.before-commit'])
  test(`killed at ${point}: the part is whole at the other gateway, once`, async () => {
    const [one, other] = world.stack.ofKind('gateway');
    const draft = await draftOf();
    const bytes = crypto.randomBytes(LENGTH);
    await world.stack.stopService(one);
    await world.stack.startService(one, { SM_FAIL_POINT: point });
    const place = await begin(world.stack.urlOf(one), draft);
    await assert.rejects(patch(world.stack.urlOf(one) + place, draft, 0, bytes));
    await world.stack.exitOf(one);

    assert.equal(await offsetAt(world.stack.urlOf(other) + place, draft), LENGTH);
    assert.deepEqual(storedPart(draft.message, 1), bytes);
    assert.deepEqual(world.sql(`SELECT is_finished FROM mail.upload WHERE message = '\\x${draft.message}'`), [['t']]);
    await world.stack.startService(one);
  });

test('two gateways that write one upload side by side lose nothing that either acknowledged', async () => {
  const [one, other] = world.stack.ofKind('gateway').map((name) => world.stack.urlOf(name));
  const draft = await draftOf();
  const bytes = crypto.randomBytes(LENGTH);
  const place = await begin(one, draft);
  let held;
  const isHeld = new Promise((resolve) => (server.hook = async ({ method }) => {
    if (method !== 'PUT' || held) return null;
    held = new Promise((goOn) => resolve(goOn)); // the first block is on its way for long
    return held;
  }));
  const slow = patch(one + place, draft, 0, bytes.subarray(0, 300_000));
  const goOn = await isHeld;
  server.hook = null;
  assert.equal((await patch(other + place, draft, 0, bytes.subarray(0, 1_000_000))).status, 204);
  goOn(null);
  await slow;

  assert.equal(await offsetAt(other + place, draft), 1_000_000);
  assert.equal((await patch(one + place, draft, 1_000_000, bytes.subarray(1_000_000))).status, 204);
  assert.deepEqual(storedPart(draft.message, 1), bytes);
});

// --- the server is ill, down, or refuses -----------------------------------------------------------------------

test('a server that is busy now and then is asked again, and nobody notices', async () => {
  let count = 0;
  server.hook = () => ((count += 1) % 3 === 0 ? 503 : null);
  const { address } = await sendFile('busy@recipient.example', 'busy.bin', 1_000_000);
  await act.open(world, await world.linkFor(address), { password: PASSWORD });
  server.hook = null;

  assert.ok(count > 6);
});

const readyz = async (name) => {
  const answer = await fetch(`${world.stack.urlOf(name)}/readyz`);
  return { status: answer.status, text: await answer.text() };
};

test('while the server is down the gateways say so, and an upload waits and then goes on', async () => {
  const [one] = world.stack.ofKind('gateway');
  await until('it is ready', async () => (await readyz(one)).status === 200); // the server was busy a moment ago
  let puts = 0;
  server.hook = async ({ method }) => {
    if (method === 'PUT' && (puts += 1) === 3) void server.goDown();
    return null;
  };
  const sending = sendFile('down@recipient.example', 'down.bin', 3_000_000);
  const said = await until('it is not ready', async () => {
    const answer = await readyz(one);
    return answer.status === 503 && answer.text;
  });
  assert.match(said, /object store/);
  server.hook = null;
  await server.goOn();

  const { address, file } = await sending;
  const saved = world.path('saved-down');
  await act.open(world, await world.linkFor(address), { password: PASSWORD, saveTo: saved });
  assert.equal(act.sha256(path.join(saved, 'down.bin')), act.sha256(file));
  await until('it is ready', async () => (await readyz(one)).status === 200);
});

const refusals = [
  ['the secret', { SECURE_MAIL_S3_SECRET_FILE: () => server.secretFile({ id: 'WRONG', secret: 'not-the-secret' }) }, /SECURE_MAIL_S3_SECRET/],
  ['the key id', { SECURE_MAIL_S3_KEY_ID: () => 'NOBODY' }, /does not know this key id.*SECURE_MAIL_S3_KEY_ID/],
  ['the bucket', { SECURE_MAIL_S3_BUCKET: () => 'another-bucket' }, /no such bucket.*SECURE_MAIL_S3_BUCKET/],
  ['the region', { SECURE_MAIL_S3_REGION: () => 'eu-north-7' }, /another region.*SECURE_MAIL_S3_REGION/],
  ['plain http to another machine', { SECURE_MAIL_S3_ENDPOINT: () => 'http://store.example.org' }, /SECURE_MAIL_S3_ENDPOINT.*https:/],
  ['no secret at all', { SECURE_MAIL_S3_SECRET_FILE: () => '' , SECURE_MAIL_S3_SECRET: () => '' }, /SECURE_MAIL_S3_SECRET/],
];
for (const [what, wrong, says] of refusals)
  test(`a service does not start with a wrong setting, and says which and what to do: ${what}`, async () => {
    const name = world.stack.ofKind('gateway')[1];
    await world.stack.stopService(name);
    const env = Object.fromEntries(Object.entries(wrong).map(([setting, value]) => [setting, value()]));
    await assert.rejects(world.stack.startService(name, env), says);
    await world.stack.exitOf(name);
    await world.stack.startService(name);
  });

test('a certificate of another authority is no server of ours: not ready, and nothing is sent there', async () => {
  const name = world.stack.ofKind('gateway')[1];
  await world.stack.stopService(name);
  const before = server.seen.length;
  await world.stack.startService(name, { SECURE_MAIL_S3_CA_FILE: world.stack.path('keys', 'smtp-ca.pem') });
  assert.match((await readyz(name)).text, /object store/);
  assert.match(world.stack.logSince(name), /SECURE_MAIL_S3_CA_FILE/);
  assert.equal(server.seen.slice(before).filter(({ method }) => method === 'PUT').length, 0);
  await world.stack.stopService(name);
  await world.stack.startService(name);
});

test('the secrets are in no log', () => {
  for (const name of [...world.stack.ofKind('gateway'), 'retention'])
    assert.doesNotMatch(world.stack.logSince(name), /a\+secret|another\+secret/);
});

// --- the end -----------------------------------------------------------------------------------------------------

test('what is deleted leaves the bucket; retention lists and deletes, and may not read', async () => {
  for (const { message } of sent) {
    await world.cli('sender', ['revoke', message], { code: null });
    await world.cli('sender', ['delete', message, '--yes']);
  }
  const isOurs = (key) => sent.some(({ message }) => key.startsWith(message));
  await until('nothing of them is left', () => !server.objects().some(isOurs));

  const byRetention = server.seen.filter(({ key }) => key === RETENTION.id);
  assert.ok(byRetention.some(({ method, refusal }) => method === 'DELETE' && !refusal));
  assert.deepEqual(byRetention.filter(({ refusal }) => refusal), []);
});

// --- from a folder to a bucket ------------------------------------------------------------------------------------

test('a folder is moved into a bucket: what was sent before is opened after, and deleted from there', async () => {
  const address = 'moved@recipient.example';
  const bucket = await ObjectServer.start({ folder: path.join(folder, 'moved'), bucket: 'moved', keys: [GATEWAY, RETENTION] });
  const clinic = await startWorld();
  try {
    const file = act.makeFile(clinic, 'old.bin', 600_000);
    const { message } = await act.send(clinic, { to: address, password: PASSWORD, attach: [file] });
    for (const name of ['gateway', 'retention']) await clinic.stack.stopService(name);
    const env = { PATH: process.env.PATH, ...bucket.settings(GATEWAY) };
    for (let turn = 0; turn < 2; turn++) {
      const moved = await runProgram(path.join(TOP, 'deploy', 'bin', 'objects-to-s3'), [clinic.stack.path('objects')], { env });
      assert.equal(moved.code, 0, moved.stderr);
      assert.match(moved.stdout, /2 parts are in the bucket moved/);
    }
    fs.rmSync(clinic.stack.path('objects'), { recursive: true });
    await clinic.stack.startService('retention', bucket.settings(RETENTION));
    await clinic.stack.startService('gateway', bucket.settings(GATEWAY));

    const saved = clinic.path('saved');
    await act.open(clinic, await clinic.linkFor(address), { password: PASSWORD, saveTo: saved });
    assert.equal(act.sha256(path.join(saved, 'old.bin')), act.sha256(file));
    await clinic.cli('sender', ['delete', message, '--yes']);
    await until('the bucket is empty', () => bucket.objects().length === 0);
  } finally {
    await clinic.stop();
    await bucket.close();
  }
});
