// make verify-bundle: what a server serves is compared with the build, and every way to serve something
// else is named.

import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import http from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import zlib from 'node:zlib';

import { verifyBundle } from '../../web/verify.mjs';

const FILES = { '/m': '<!doctype html><script src="/assets/a.js"></script>', '/assets/a.js': 'console.log("whole");' };
const policyOf = (path) => (path === '/m' ? "default-src 'none'" : '');
const typeOf = (path) => (path === '/m' ? 'text/html; charset=utf-8' : 'text/javascript; charset=utf-8');
const rows = Object.entries(FILES).map(([path, text]) => ({
  path, type: typeOf(path), policy: policyOf(path), sha256: crypto.createHash('sha256').update(text).digest('hex'),
}));
const ENCODERS = { gzip: zlib.gzipSync, br: zlib.brotliCompressSync };

let server;
let base;
let change; // (answer, request) before it is sent

before(async () => {
  server = http.createServer((request, response) => {
    const form = request.headers['accept-encoding'];
    const answer = { status: 200, text: FILES[request.url], form, headers: { 'content-type': typeOf(request.url), 'content-security-policy': policyOf(request.url) } };
    change(answer, request);
    const encode = ENCODERS[answer.form];
    if (encode) answer.headers['content-encoding'] = answer.form;
    response.writeHead(answer.status, answer.headers).end(answer.raw ?? (encode ? encode(answer.text) : answer.text));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = new URL(`http://127.0.0.1:${server.address().port}`);
});
beforeEach(() => (change = () => {}));
after(() => server.close());

test('the same as the build, in every form, is found to be so', async () => {
  assert.deepEqual(await verifyBundle(base, rows), []);
});

const ALTERATIONS = {
  'an altered script': (answer, { url }) => url === '/assets/a.js' && (answer.text += ' // and more'),
  'a script that is altered in one compressed form': (answer, { url }) => url === '/assets/a.js' && answer.form === 'br' && (answer.text = 'evil()'),
  'a page that loads another script': (answer, { url }) => url === '/m' && (answer.text = answer.text.replace('a.js', 'b.js')),
  'a weaker policy': (answer, { url }) => url === '/m' && (answer.headers['content-security-policy'] = "default-src 'self'"),
  'no policy': (answer) => delete answer.headers['content-security-policy'],
  'a script as another type': (answer, { url }) => url === '/assets/a.js' && (answer.headers['content-type'] = 'text/plain'),
  'a way to elsewhere': (answer) => Object.assign(answer, { status: 302, headers: { ...answer.headers, location: 'https://elsewhere.example/' } }),
  'bytes that are not in the form they claim': (answer) => answer.form === 'gzip' && (answer.raw = Buffer.from('no gzip')),
  'an unknown form': (answer) => (answer.headers['content-encoding'] = 'zstd'),
};
for (const [title, alter] of Object.entries(ALTERATIONS))
  test(`${title} is named`, async () => {
    change = alter;
    const faults = await verifyBundle(base, rows);
    assert.notEqual(faults.length, 0);
    assert.match(faults[0], /^\/(m|assets\/a\.js) \((identity|gzip|br)\): /);
  });

test('what unpacks to more than anything of ours is not unpacked', async () => {
  change = (answer) => answer.form === 'gzip' && (answer.raw = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024)));
  const faults = await verifyBundle(base, rows);
  assert.equal(faults.length, 2);
});

test('a server that is not there is a difference', async () => {
  assert.equal((await verifyBundle(new URL('http://127.0.0.1:1'), rows)).length, 6);
});
