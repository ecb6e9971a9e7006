// DESIGN 1: planted secrets by places. Each cell of the matrix is asserted: absent where the threat model
// says so, and present where it must be, so that the search is shown to work.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { environHolds, folderHolds, formsOf, holds, isMemoryReadable, memoryHolds, schemaHolds } from './support/canary.mjs';
import { relayBus } from './support/bus-tap.mjs';
import { PLANTED, secretsOf } from './support/secrets.mjs';
import { messageKeys } from './support/vault.mjs';
import { MODE, startWorld } from './support/world.mjs';

const ANN = 'ann@recipient.example';
const BEN = 'ben@recipient.example';

let world;
let tap;
let secrets;
let atAnn;

before(async () => {
  tap = await relayBus();
  world = await startWorld(tap.options);
  const file = world.file('files/notes.txt', PLANTED.attachment.repeat(1000));
  await act.send(world, { to: ANN, subject: PLANTED.subject, body: PLANTED.body, password: PLANTED.password, attach: [file] });
  await act.send(world, { to: BEN, subject: PLANTED.subject, body: PLANTED.body, check: 'code' });
  const annLink = await act.linkOf(world, ANN);
  const benLink = await act.linkOf(world, BEN);
  const opened = await act.open(world, annLink, { password: PLANTED.password, saveTo: world.path('ann'), home: 'ann' });
  assert.equal(opened.json.body, PLANTED.body);
  await act.sendCode(world, benLink, { home: 'ben' });
  const code = await world.codeFor(BEN);

  secrets = secretsOf(world, { link: annLink, code });
  assert.equal(messageKeys(world).length, 2, 'both message keys are known to this test');
  await act.open(world, benLink, { code, home: 'ben' });
});
after(async () => {
  try {
    await world?.stop();
  } finally {
    await tap?.close();
  }
});

const pidOf = (service) => world.stack.running.get(service).process.pid;
const inMemory = (service) => (forms) => memoryHolds(pidOf(service), forms);
const inSchema = (schema) => (forms) => schemaHolds(world, schema, forms);
const inFolder = (name) => (forms) => folderHolds(world.stack.path(name), forms);

const CONTENT = ['subject', 'body', 'attachment', 'password'];
const KEYS = ['master key', 'key-encryption key', 'organisation key', 'message key'];
const SECRETS = [...CONTENT, 'link secret', 'code', ...KEYS];

// place -> [how to look, what must not be there]
const MATRIX = {
  'memory of the gateway': [inMemory('gateway'), SECRETS],
  'memory of the notifier': [inMemory('notifier'), [...CONTENT, ...KEYS]],
  'memory of retention': [inMemory('retention'), SECRETS],
  'memory of audit': [inMemory('audit'), SECRETS],
  'memory of crypto': [inMemory('crypto'), ['body', 'attachment']],
  'schema mail': [inSchema('mail'), SECRETS],
  'schema vault': [inSchema('vault'), SECRETS],
  'schema outbox': [inSchema('outbox'), SECRETS],
  'schema retention': [inSchema('retention'), SECRETS],
  'schema audit': [inSchema('audit'), SECRETS],
  'object store': [inFolder('objects'), SECRETS],
  logs: [inFolder('log'), SECRETS],
  'received mail': [inFolder('mail'), [...CONTENT, ...KEYS]],
  'bus traffic': [(forms) => holds(tap.bytes(), forms), SECRETS],
};

// A sanitizer build maps terabytes of shadow memory and keeps what was freed: its memory says nothing.
const isMemoryTold = MODE !== 'asan';
const NOT_READABLE = 'the memory of a service cannot be read here: it takes root with CAP_SYS_PTRACE, or sudo';

for (const [place, [holds, absent]] of Object.entries(MATRIX).filter(([place]) => isMemoryTold || !place.startsWith('memory')))
  test(`${place} holds none of: ${absent.join(', ')}`, (t) => {
    if (place.startsWith('memory') && !isMemoryReadable(pidOf('crypto'))) return t.skip(NOT_READABLE);
    for (const name of absent) assert.ok(!holds(secrets[name]), `${name} is in ${place}`);
  });

test('the search finds what must be there', () => {
  assert.ok(inFolder('mail')(secrets['link secret']), 'the link in the received mail');
  assert.ok(inFolder('mail')(secrets.code), 'the code in the code mail');
  assert.ok(inSchema('mail')(formsOf(ANN)), 'the address in the metadata');
  if (isMemoryTold && isMemoryReadable(pidOf('crypto'))) {
    assert.ok(inMemory('gateway')(formsOf('securemail')), 'memory can be read');
    assert.ok(inMemory('crypto')(secrets['key-encryption key']), 'the key-encryption key in crypto');
  }
  assert.ok(tap.bytes().length > 10_000, 'the bus was heard');
  assert.ok(folderHolds(world.path('ann'), secrets.attachment), 'the file at the recipient');
});

test('the master key is not in the environment of any process', (t) => {
  if (!isMemoryReadable(pidOf('crypto'))) return t.skip(NOT_READABLE);
  for (const service of world.stack.running.keys())
    assert.ok(!environHolds(pidOf(service), secrets['master key']), service);
});
