// SECURITY.md 7, attack 12, and the abuse of HTTP: bombs, smuggled and endless requests, everything too
// large. A typed answer or an ended connection; memory stays where it was, and others are served meanwhile.

import assert from 'node:assert/strict';
import net from 'node:net';
import zlib from 'node:zlib';
import { after, before, test } from 'node:test';

import { encode } from '@msgpack/msgpack';

import * as act from '../system/support/actions.mjs';
import { request } from '../system/support/http.mjs';
import { startWorld } from '../system/support/world.mjs';
import * as attack from './support/attack.mjs';
import { OPERATIONS, startMouth } from './support/mouth.mjs';

const GROWTH_KIB_MAX = 150 * 1024; // of one service, over all of an attack
const ANSWER_MS = 10_000; // below every limit of the gateway's: who waits this long was not refused
const SILENCE_MS = 3000; // after an answer: then no second one is on its way

let world;
let link;
before(async () => {
  world = await startWorld();
  ({ link } = await attack.mailed(world, 'beside@recipient.example'));
});
after(() => world?.stop());

/**
 * What comes back for these bytes. ended: 'by the server' or 'reset by the server'; 'by us', where it said something,
 * kept the connection and was silent for a while; 'in vain', where it said nothing in all that time.
 */
function said(bytes) {
  return new Promise((resolve) => {
    const socket = net.connect(world.stack.ports.http, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    let ended = 'by the server';
    const giveUp = (how) => () => ((ended = how), socket.destroy());
    let timer = setTimeout(giveUp('in vain'), ANSWER_MS);
    socket.on('data', (part) => {
      text += part.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(giveUp('by us'), SILENCE_MS);
    });
    socket.on('error', ({ code }) => (ended = ['ECONNRESET', 'EPIPE'].includes(code) ? 'reset by the server' : code));
    socket.on('close', () => (clearTimeout(timer), resolve({ text, ended, statuses: [...text.matchAll(/HTTP\/1\.[01] (\d+) /g)].map(([, status]) => Number(status)) })));
  });
}

/**
 * That the answer is this refusal. (libmicrohttpd writes the head of a few refusals of its own twice.) The end of a
 * connection with bytes that nobody reads is a reset, which may overtake the answer: then that end is the refusal.
 */
function isRefused({ statuses, ended }, status, name) {
  if (statuses.length) assert.deepEqual([...new Set(statuses)], [status], name);
  else assert.equal(ended, 'reset by the server', `${name}: neither an answer nor a reset`);
}

async function memoryStays(services, work) {
  const before = services.map((each) => attack.residentKib(world, each));
  await work();
  services.forEach((each, i) => {
    const grown = attack.residentKib(world, each) - before[i];
    assert.ok(grown < GROWTH_KIB_MAX, `${each} grew by ${grown} KiB`);
  });
}

const stillServed = () => act.open(world, link, { password: attack.PASSWORD });

// --- msgpack ---

const nested = (depth, byte) => Buffer.concat([Buffer.alloc(depth, byte), Buffer.from([0xc0])]);
const BOMBS = {
  'a map of four thousand million': Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]),
  'a list of four thousand million': Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]),
  'bytes that are not there': Buffer.from([0xc6, 0xff, 0xff, 0xff, 0xff, 1]),
  'text that is not there': Buffer.from([0xdb, 0x7f, 0xff, 0xff, 0xff, 1]),
  'a hundred thousand lists in each other': nested(100_000, 0x91),
  'a hundred thousand maps in each other': nested(100_000, 0x81),
  'a list of empty maps': Buffer.concat([Buffer.from([0xdc, 0xff, 0xff]), Buffer.alloc(65_535, 0x80)]),
  'an extension': Buffer.from([0xc9, 0xff, 0xff, 0xff, 0xff, 1]),
  'nothing': Buffer.alloc(0),
  'a byte that means nothing': Buffer.from([0xc1]),
};

test('msgpack bombs on the bus get a typed answer, and memory stays', async () => {
  const gateway = startMouth(world);
  await memoryStays(['crypto', 'audit'], async () => {
    for (const [name, bomb] of Object.entries(BOMBS))
      for (const [service, operation] of [['crypto', 'CARRY'], ['crypto', 'KNOWN'], ['audit', 'QUERY']]) {
        const { outcome } = await gateway.ask(service, operation, new Uint8Array(bomb));
        assert.ok(['bad-format', 'too-large'].includes(outcome), `${name} to ${operation}: ${outcome}`);
      }
  });
  const good = encode({ after_tx: 0, after_id: 0, rows_max: 1 });
  assert.equal((await gateway.ask('crypto', 'FEED', new Uint8Array([...good, 0xc0]))).outcome, 'bad-format', 'trailing bytes');
  assert.equal((await gateway.ask('crypto', 'FEED', good)).outcome, 'ok', 'the control');
  assert.notEqual((await gateway.ask('crypto', 'FEED', new Uint8Array(3 * 1024 * 1024))).outcome, 'ok', 'over every limit');
  await gateway.stop();
  assert.ok(OPERATIONS.FEED);
  await stillServed();
});

test('msgpack bombs inside a sealed request, where no gateway sees them', async () => {
  const { server } = await attack.visit(world, link);
  await memoryStays(['crypto'], async () => {
    for (const [name, bomb] of Object.entries(BOMBS)) {
      const { word } = await attack.rawCall(server, 'hello', new Uint8Array(bomb));
      assert.ok(['bad-format', 'too-large'].includes(word), `${name}: ${word}`);
    }
  });
  await stillServed();
});

// --- two ways to say how long ---

const HIDDEN = 'GET /api/v1/limits HTTP/1.1\r\nHost: x\r\n\r\n';
const post = (headers, body = '') => `POST /api/v1/sealed/hello HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\n${headers}\r\n${body}`;
const BEYOND = 'a length beyond all numbers';
const SMUGGLED = {
  'length and chunks': post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'chunks and length': post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', `0\r\n\r\n${HIDDEN}`),
  'chunks alone': post('Transfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'chunks in other letters': post('transfer-ENCODING: cHuNkEd\r\n', `0\r\n\r\n${HIDDEN}`),
  'an encoding nobody knows': post('Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n', HIDDEN),
  'two encodings': post('Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'a tab before the encoding': post('Transfer-Encoding:\tchunked\r\n', `0\r\n\r\n${HIDDEN}`),
  'two lengths': post(`Content-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n`, HIDDEN),
  'two equal lengths': post(`Content-Length: ${HIDDEN.length}\r\nContent-Length: ${HIDDEN.length}\r\n`, HIDDEN),
  'a list of lengths': post('Content-Length: 0, 41\r\n', HIDDEN),
  'a signed length': post('Content-Length: +0\r\n', HIDDEN),
  'a hexadecimal length': post('Content-Length: 0x0\r\n', HIDDEN),
  'a negative length': post('Content-Length: -1\r\n', HIDDEN),
  [BEYOND]: post('Content-Length: 99999999999999999999\r\n', HIDDEN),
  'a space in the name': post('Content-Length : 41\r\n', HIDDEN),
};

for (const [name, bytes] of Object.entries(SMUGGLED))
  test(`${name}: refused, and what hides behind it is no request`, async () => {
    const told = await said(bytes);
    assert.ok(!told.text.includes('attachment_bytes_max'), `the hidden request was answered: ${told.statuses}`);
    assert.ok(told.statuses.length, `an answer, not only an end: ${told.ended}`);
    isRefused(told, name === BEYOND ? 413 : 400, name);
    assert.match(told.ended, /by the server/, 'what came behind it is read by nobody');
  });

test('the control: two honest requests on one connection get two answers', async () => {
  assert.deepEqual((await said(HIDDEN + HIDDEN)).statuses, [200, 200]);
});

// --- too much ---

const BIG = 'x'.repeat(200_000);
const TOO_LARGE = {
  'a path': [414, `GET /${BIG} HTTP/1.1\r\nHost: x\r\n\r\n`],
  'a query': [414, `GET /?${BIG} HTTP/1.1\r\nHost: x\r\n\r\n`],
  'a header': [431, `GET / HTTP/1.1\r\nHost: x\r\nX: ${BIG}\r\n\r\n`],
  'forty thousand headers': [431, `GET / HTTP/1.1\r\n${'X: y\r\n'.repeat(40_000)}\r\n`],
  'a method': [414, BIG],
};

test('everything too large is refused before it is read', async () => {
  await memoryStays(['gateway'], async () => {
    const tooLarge = await said(post('Content-Length: 262145\r\n'));
    assert.deepEqual(tooLarge.statuses, [413]);
    for (const [name, [status, head]] of Object.entries(TOO_LARGE)) isRefused(await said(head), status, name);
    assert.equal((await request(world, 'POST', '/api/v1/messages', { body: 'x' })).status, 400);
    assert.equal((await request(world, 'GET', '/api/v1/limits', { headers: { 'Content-Length': '1' }, body: 'x' })).status, 400, 'a body where none belongs');
  });
});

test('a file of one byte over 50 MB finds no room, whatever its sender says of it', async () => {
  const office = await attack.office(world);
  const message = 'fe'.repeat(16);
  const { capability } = await office.call('compose', { message });
  const headers = { 'Secure-Mail-Capability': capability, 'Tus-Resumable': '1.0.0', 'Upload-Metadata': `part ${Buffer.from('1').toString('base64')}` };
  const limits = await (await fetch(`${world.stack.url}/api/v1/limits`)).json();
  const create = (length, more = {}) => fetch(`${world.stack.url}/api/v1/uploads`, { method: 'POST', headers: { ...headers, 'Upload-Length': String(length), ...more } });
  const max = limits.part_ciphertext_bytes_max;
  assert.equal((await create(max + 1)).status, 413);
  for (const length of ['-1', '1e3', '0x10', '', '99999999999999999999']) assert.ok([400, 413, 422].includes((await create(length)).status), length);
  const made = await create(82); // ten bytes, sealed
  assert.equal(made.status, 201, 'the control');
  const patch = (offset, size) => fetch(new URL(made.headers.get('Location'), world.stack.url), { method: 'PATCH', body: new Uint8Array(size), headers: { ...headers, 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' } });
  assert.ok((await patch(0, 83)).status >= 400, 'more than was said');
  assert.ok((await patch(5, 5)).status >= 400, 'not from where it is');
});

test('nothing that comes in is decompressed', async () => {
  const bomb = zlib.gzipSync(Buffer.alloc(50_000_000));
  await memoryStays(['gateway', 'crypto'], async () => {
    for (const coding of ['gzip', 'deflate', 'br', 'x-gzip', 'gzip, identity'])
      assert.equal((await request(world, 'POST', '/api/v1/sealed/hello', { body: bomb, headers: { 'Content-Encoding': coding, 'Content-Type': 'application/octet-stream', 'Content-Length': bomb.length } })).status, 400, coding);
  });
});

// --- paths ---

test('a path is one spelling or nothing: no trick reaches a file or another route', async () => {
  const tricks = ['/../../etc/passwd', '/assets/../../../etc/passwd', '/assets/..%2f..%2fetc%2fpasswd', '/assets/%2e%2e/%2e%2e/etc/passwd', '/assets/....//etc/passwd',
    '/assets/..\\..\\etc\\passwd', '/assets/%00', '/assets//etc/passwd', '//api/v1/limits', '/api//v1/limits', '/api/v1/limits/', '/API/v1/limits', '/%61pi/v1/limits', '/api%2fv1/limits', '/api/v1/./limits', '/api/v1/limits%00', '/api/v1/limits;x', '/./',
    `/api/v1/messages/${'ab'.repeat(16)}/parts/01`, `/api/v1/messages/${'AB'.repeat(16)}/parts/1`, `/api/v1/messages/${'ab'.repeat(16)}/parts/-1`, 'http://evil.example/', '*'];
  for (const path of tricks) {
    const told = await said(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    assert.ok(!/root:|attachment_bytes_max/.test(told.text), path);
    isRefused(told, 404, path);
    assert.ok(!/^location:/im.test(told.text), `${path} leads nowhere`);
  }
});

// --- too slow, too many ---

test('three hundred connections that trickle or say nothing keep nobody out', async () => {
  const slow = Array.from({ length: 300 }, (_, i) => {
    const socket = net.connect(world.stack.ports.http, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(['', 'GET / HTTP/1.1\r\nHos', post('Content-Length: 100000\r\n', 'x')][i % 3]);
    return socket;
  });
  const timer = setInterval(() => slow.forEach((each) => each.write('x')), 200);
  try {
    await memoryStays(['gateway'], async () => {
      for (let i = 0; i < 5; i++) {
        assert.equal((await request(world, 'GET', '/readyz')).status, 200);
        await stillServed();
      }
    });
  } finally {
    clearInterval(timer);
    slow.forEach((each) => each.destroy());
  }
});

test('a thousand connections that come and go leave nothing behind', async () => {
  await memoryStays(['gateway'], async () => {
    for (let round = 0; round < 10; round++)
      await Promise.all(Array.from({ length: 100 }, async () =>
        assert.deepEqual((await said('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).statuses, [200])));
  });
  await stillServed();
});
