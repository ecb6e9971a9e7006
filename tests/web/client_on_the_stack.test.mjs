// The pages' client on the real services: what it sends the command line opens, and the reverse;
// replies come back; lost connections and answers lose nothing; what is not genuine is refused.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { startWorld, until } from '../system/support/world.mjs';
import { load } from './support/load.mjs';
import { brokenAfter, fakeTab, fakeXhr, fetchOf, fileOf } from './support/person.mjs';

const ANN = 'ann@recipient.example';
const PASSWORD = 'correct-horse';
const MESSAGE = { lifetime_days: 7, undo_s: 0, language: 'nl', parent: '', subject: 'Uitslag', body: 'Alles is goed.' };

let world;
let web;

before(async () => {
  fakeTab();
  world = await startWorld();
  web = await load('web/client/office.ts', 'web/client/visit.ts', 'web/client/server.ts', 'web/client/failure.ts', 'web/envelope/link.ts', 'web/protocol/protocol.ts');
});
after(() => world?.stop());

const where = (between) => ({ base: world.stack.url, fetch: fetchOf(between ? { between } : {}) });
const recipient = (address) => ({ address, name: '', method: web.METHODS.METHOD_PASSWORD, password: PASSWORD });
const sha = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const shaOf = async (blob) => sha(Buffer.from(await blob.arrayBuffer()));
const isFailure = (word) => (error) => error.name === 'Failure' && error.word === word;

async function signedIn(between) {
  const office = await web.Office.open(where(between));
  await office.signIn('sender@clinic.example', 'password-of-sender');
  return office;
}

async function visitOf(address, between) {
  const link = web.parseLink(new URL(await world.linkFor(address)).hash);
  return web.Visit.open(link, where(between));
}

async function opened(address, between) {
  const visit = await visitOf(address, between);
  await visit.verify({ password: PASSWORD });
  return { visit, content: await visit.open() };
}

async function sendTo(address, files = [], office = null) {
  fakeXhr();
  const sender = office ?? (await signedIn());
  const draft = await sender.beginMessage();
  for (const file of files) draft.attach(file);
  return { reply: await sender.send(draft, { ...MESSAGE, recipients: [recipient(address)] }), draft };
}

test('a message with attachments, one of them taken out again, is sent', async () => {
  fakeXhr();
  const office = await signedIn();
  const draft = await office.beginMessage();
  const big = crypto.randomBytes(5_000_000);
  const first = draft.attach(fileOf('eerste.pdf', crypto.randomBytes(1000)));
  draft.attach(fileOf('leeg.txt', new Uint8Array(0), ''));
  draft.attach(fileOf('film/../ok.bin', big));
  await first.run();
  await draft.remove(first);

  const reply = await office.send(draft, { ...MESSAGE, recipients: [recipient(ANN)] });

  assert.deepEqual(reply.links.map(({ address }) => address), [ANN]);
  assert.deepEqual(draft.attachments.map(({ state }) => state), ['sent', 'sent']);
  const row = (await office.list()).messages.find((each) => each.message === reply.message);
  assert.equal(row.subject, 'Uitslag');
  assert.equal((await office.detail(reply.message)).recipients[0].address, ANN);

  const { content } = await opened(ANN);
  assert.equal(content.manifest.body, 'Alles is goed.');
  assert.deepEqual(content.manifest.attachments.map(({ part, name, media_type }) => [part, name, media_type]), [[1, 'film_.._ok.bin', 'application/pdf'], [2, 'leeg.txt', 'application/octet-stream']]);
  const seen = [];
  const blob = await content.download(content.manifest.attachments[0], { onProgress: (bytes) => seen.push(bytes) });
  assert.equal(await shaOf(blob), sha(big));
  assert.equal(blob.type, 'application/octet-stream');
  assert.equal(seen.at(-1), content.manifest.attachments[0].ciphertext_size);
  assert.equal((await content.download(content.manifest.attachments[1])).size, 0);
});

test('the command line opens what the pages sent', async () => {
  const bytes = crypto.randomBytes(300_000);
  await sendTo('cli@recipient.example', [fileOf('scan.pdf', bytes)]);
  const folder = world.path('cli');
  const shown = await act.open(world, await world.linkFor('cli@recipient.example'), { password: PASSWORD, saveTo: folder, home: 'cli' });

  assert.equal(shown.json.subject, 'Uitslag');
  assert.equal(sha(fs.readFileSync(`${folder}/scan.pdf`)), sha(bytes));
});

test('the pages open what the command line sent, and the reply is read on both sides', async () => {
  const file = act.makeFile(world, 'van-cli.bin', 40_000);
  const sent = await act.send(world, { to: 'web@recipient.example', attach: [file] });
  const { visit, content } = await opened('web@recipient.example');
  assert.equal(content.manifest.subject, 'Your results');
  assert.equal(await shaOf(await content.download(content.manifest.attachments[0])), act.sha256(file));

  fakeXhr();
  const draft = await visit.beginReply(content);
  const answer = crypto.randomBytes(20_000);
  draft.attach(fileOf('antwoord.txt', answer, 'text/plain'));
  await visit.reply(draft, { subject: 'Re: Your results', body: 'Dank u wel.' });

  const office = await signedIn();
  const row = await until('the reply in the list', async () => (await office.list()).messages.find((each) => each.parent === sent.message));
  assert.equal(row.subject, 'Re: Your results');
  const read = await office.read(row.message);
  assert.equal(read.manifest.body, 'Dank u wel.');
  assert.equal(await shaOf(await read.download(read.manifest.attachments[0])), sha(answer));
});

test('a wrong password tells the attempts that are left', async () => {
  const visit = await visitOf(ANN);
  await assert.rejects(visit.verify({ password: 'not this one' }), (error) => isFailure('wrong-secret')(error) && error.isSealed && error.attemptsLeft === 4);
  await assert.rejects((async () => web.Office.open(where()))().then((office) => office.signIn('sender@clinic.example', 'wrong')), isFailure('wrong-secret'));
});

test('a session of this tab is used again, and its end is noticed', async () => {
  const again = await visitOf(ANN);
  assert.ok(again.isVerified);
  assert.equal((await again.open()).manifest.subject, 'Uitslag');
  again.signOut();
  assert.ok(!again.isVerified);
  await assert.rejects(again.open(), isFailure('not-signed-in'));
});

test('a download that breaks off goes on where it was', async () => {
  const bytes = crypto.randomBytes(3_000_000);
  await sendTo('broken@recipient.example', [fileOf('groot.bin', bytes)]);
  const ranges = [];
  const between = async (url, init, go) => {
    if (!url.endsWith('/parts/1')) return go();
    ranges.push(init.headers.Range ?? 'all');
    return ranges.length <= 2 ? brokenAfter(await go(), 1_000_001) : go();
  };
  const { content } = await opened('broken@recipient.example', between);
  const blob = await content.download(content.manifest.attachments[0]);

  assert.equal(await shaOf(blob), sha(bytes));
  assert.equal(ranges.length, 3);
  assert.equal(ranges[0], 'all');
  assert.ok(ranges.slice(1).every((range) => /^bytes=[1-9]\d+-$/.test(range)), String(ranges));
});

test('a download can be cancelled', async () => {
  const { content } = await opened('broken@recipient.example');
  const cancel = new AbortController();
  await assert.rejects(content.download(content.manifest.attachments[0], { signal: cancel.signal, onProgress: () => cancel.abort() }), (error) => error.name === 'AbortError');
});

test('a changed, cut or swapped part is refused, and nothing of it is given', async () => {
  const change = (edit) => async (url, init, go) => {
    const answer = await go();
    if (!url.endsWith('/parts/1') || !answer.ok) return answer;
    return new Response(edit(new Uint8Array(await answer.arrayBuffer())), { status: answer.status, headers: answer.headers });
  };
  const edits = {
    'one bit': (bytes) => bytes.map((byte, i) => (i === bytes.length - 5 ? byte ^ 1 : byte)),
    'its head': (bytes) => bytes.map((byte, i) => (i === 30 ? byte ^ 1 : byte)),
    longer: (bytes) => new Uint8Array([...bytes.subarray(0, 1000), ...bytes]),
  };
  for (const [name, edit] of Object.entries(edits)) {
    const { content } = await opened('broken@recipient.example', change(edit));
    await assert.rejects(content.download(content.manifest.attachments[0]), isFailure('tampered'), name);
  }
});

test('an upload survives lost connections and lost answers', async () => {
  let patches = 0;
  const isFirst = () => patches++ < 1;
  fakeXhr({
    isLost: (method) => method === 'PATCH' && isFirst(),
    beforeSend: (method, url, body) => {
      if (method === 'PATCH' && patches === 1) {
        patches++;
        throw new TypeError('network error');
      }
      return body;
    },
  });
  const office = await signedIn();
  const draft = await office.beginMessage();
  const bytes = crypto.randomBytes(9_000_000);
  draft.attach(fileOf('groot.bin', bytes));
  await office.send(draft, { ...MESSAGE, recipients: [recipient('lost@recipient.example')] });

  const { content } = await opened('lost@recipient.example');
  assert.equal(await shaOf(await content.download(content.manifest.attachments[0])), sha(bytes));
  assert.ok(patches >= 2);
});

test('a paused upload goes on', async () => {
  fakeXhr();
  const office = await signedIn();
  const draft = await office.beginMessage();
  const bytes = crypto.randomBytes(20_000_000);
  const outgoing = draft.attach(fileOf('groot.bin', bytes));
  await until('a first piece', () => outgoing.sentBytes > 0);
  outgoing.pause();
  assert.equal(outgoing.state, 'paused');
  outgoing.resume();
  await office.send(draft, { ...MESSAGE, recipients: [recipient('paused@recipient.example')] });

  const { content } = await opened('paused@recipient.example');
  assert.equal(await shaOf(await content.download(content.manifest.attachments[0])), sha(bytes));
});

test('an attachment that is removed or paused at once is not sent', async () => {
  const sent = [];
  fakeXhr({ beforeSend: (method, url, body) => (sent.push(method), body) });
  const office = await signedIn();
  const draft = await office.beginMessage();
  const removed = draft.attach(fileOf('weg.bin', crypto.randomBytes(1000)));
  await draft.remove(removed);
  const paused = draft.attach(fileOf('even.bin', crypto.randomBytes(1000)));
  paused.pause();
  await removed.run();
  assert.deepEqual([removed.state, paused.state], ['removed', 'paused']);

  const packed = await draft.pack({ subject: '', body: '' });
  assert.deepEqual(packed.parts.map(({ number }) => number), [0, 1]);
  assert.equal(paused.state, 'sent');
  assert.equal(sent.filter((method) => method === 'POST').length, 2, 'the one attachment and the header part');
});

test('a lost answer to a send is asked again, and it is one message', async () => {
  let sends = 0;
  const between = async (url, init, go) => {
    const answer = await go();
    if (!url.endsWith('/sealed/send') || sends++ > 0) return answer;
    await answer.arrayBuffer();
    throw new TypeError('network error');
  };
  const office = await signedIn(between);
  const { reply } = await sendTo('once@recipient.example', [], office);

  assert.equal(sends, 2);
  const rows = (await office.list()).messages.filter((each) => each.message === reply.message);
  assert.equal(rows.length, 1);
  await until('its mail', () => world.mails.some((mail) => mail.to === 'once@recipient.example'));
  assert.equal(world.mails.filter((mail) => mail.to === 'once@recipient.example').length, 1);
});

test("a draft that is packed twice with the same content gives the same bytes, with other content others", async () => {
  fakeXhr();
  const office = await signedIn();
  const draft = await office.beginMessage();
  const content = { subject: 'a', body: 'b' };
  const first = await draft.pack(content);
  assert.equal(await draft.pack({ ...content }), first);
  const second = await draft.pack({ subject: 'a', body: 'c' });
  assert.notDeepEqual(second.parts[0].commitment, first.parts[0].commitment);
  await office.send(draft, { ...MESSAGE, subject: 'a', body: 'c', recipients: [recipient('twice@recipient.example')] });
  assert.equal((await opened('twice@recipient.example')).content.manifest.body, 'c');
});

test("the gateway's own words are never taken for crypto's", async () => {
  const json = (status, body) => async (url, init, go) =>
    url.endsWith('/sealed/hello') ? new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } }) : go();
  await assert.rejects(visitOf(ANN, json(410, { error: 'gone', message: 'No.' })), (error) => isFailure('gone')(error) && !error.isSealed);
  await assert.rejects(visitOf(ANN, json(200, { error: 'ok' })), (error) => error.name === 'Failure');
  const forged = async (url, init, go) =>
    url.endsWith('/sealed/hello') ? new Response(new Uint8Array(100), { headers: { 'Content-Type': 'application/octet-stream' } }) : go();
  await assert.rejects(visitOf(ANN, forged), isFailure('tampered'));
});

test('another identity than the pinned one is refused', async () => {
  const link = web.parseLink(new URL(await world.linkFor(ANN)).hash);
  await assert.rejects(web.Visit.open({ ...link, pin: new Uint8Array(16) }, where()), isFailure('tampered'));
  await signedIn();
  localStorage.setItem('securemail.pin', Buffer.alloc(16).toString('base64url'));
  await assert.rejects(web.Office.open(where()), isFailure('tampered'));
  web.forgetIdentity();
  await signedIn();
});

test('a key that is no longer live is fetched again, without anybody noticing', async () => {
  let hellos = 0;
  const between = async (url, init, go) => {
    if (!url.endsWith('/sealed/hello') || hellos++ > 0) return go();
    return new Response(JSON.stringify({ error: 'key-unknown', message: '' }), { status: 409, headers: { 'Content-Type': 'application/json' } });
  };
  const visit = await visitOf(ANN, between);
  assert.equal(visit.hello.organisation_name, 'Clinic West');
  assert.equal(hellos, 2);
});

test('a revoked link is gone', async () => {
  const office = await signedIn();
  const { reply } = await sendTo('gone@recipient.example', [], office);
  await visitOf('gone@recipient.example');
  await office.revoke(reply.message);
  await assert.rejects(visitOf('gone@recipient.example'), isFailure('gone'));
});

test('what the server would refuse is refused before it is sent', async () => {
  const office = await signedIn();
  const draft = await office.beginMessage();
  assert.equal(draft.refusal(fileOf('x', new Uint8Array(10))), null);
  assert.equal(draft.refusal({ name: 'x', size: 50_000_001, type: '' }), 'file-too-large');
  assert.throws(() => draft.attach({ name: 'x', size: 50_000_001, type: '' }), isFailure('too-large'));
  await assert.rejects(office.send(draft, { ...MESSAGE, subject: 'two\nlines', recipients: [recipient(ANN)] }));
  await office.signOut();
  await assert.rejects(office.list(), isFailure('not-signed-in'));
});

test('an unmodified tus client uploads a part, breaks off, and goes on where it was', async () => {
  const tus = await import('tus-js-client');
  const office = await signedIn();
  const message = crypto.randomBytes(16).toString('hex');
  const { capability } = await office.call('compose', { message });
  const part = crypto.randomBytes(1_000_000);
  const upload = (more) =>
    new Promise((resolve, reject) => {
      const client = new tus.Upload(part, {
        endpoint: `${world.stack.url}/api/v1/uploads`,
        chunkSize: 300_000,
        metadata: { part: '1' },
        headers: { 'Secure-Mail-Capability': capability },
        retryDelays: null,
        onSuccess: () => resolve({ url: client.url }),
        onError: reject,
        ...more((at) => client.abort().then(() => resolve({ url: client.url, at }))),
      });
      client.start();
    });

  const broken = await upload((stop) => ({ onChunkComplete: (size, accepted) => accepted >= 600_000 && stop(accepted) }));
  const starts = [];
  const whole = await upload(() => ({ uploadUrl: broken.url, onChunkComplete: (size, accepted) => starts.push(accepted - size) }));

  assert.ok(broken.at >= 600_000 && starts[0] >= 600_000, `went on at ${starts[0]}`);
  assert.equal(whole.url, broken.url);
  assert.deepEqual(world.sql(`SELECT part, size FROM mail.object WHERE message = '\\x${message}'`), [['1', '1000000']]);
});
