// Speaks on the bus with keys that are not ours to use: main_malicious_gateway.c as a function.

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

import { decode, encode } from '@msgpack/msgpack';

import { TOP } from '../../../dev/stack.mjs';
import { MODE } from '../../system/support/world.mjs';

const PROGRAM = path.join(TOP, 'build', MODE, 'tests', 'attack', 'malicious_gateway');
const SERVICES = ['audit', 'notifier', 'crypto', 'retention'];

/** Every operation of the bus by its name in proto/catalog.h: {PING: 2, KEYS: 256, ...} */
export const OPERATIONS = Object.fromEntries(
  [...fs.readFileSync(path.join(TOP, 'proto', 'catalog.h'), 'utf8').matchAll(/OP_([A-Z_]+) = (0x[0-9a-f]+)/g)]
    .map(([, name, number]) => [name, Number(number)]));

export const id = (hex) => new Uint8Array(Buffer.from(hex, 'hex'));
export const newId = () => new Uint8Array(Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex'));
const spell = (bytes) => Buffer.from(bytes).toString('base64url') || '=';

export function startMouth(world, identity = 'gateway', { operator = false } = {}) {
  if (!fs.existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: make MODE=${MODE} attacker builds it`);
  const crypto = operator ? world.stack.operatorEndpoint() : world.stack.bus('crypto');
  const targets = SERVICES.map((each) => `${each}=${each === 'crypto' ? crypto : world.stack.bus(each)}`);
  const child = spawn(PROGRAM, [world.stack.path('keys'), identity, ...targets], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  for (const each of [child, child.stdin, child.stdout]) each.unref(); // a test that failed before stop() ends all the same
  const exited = new Promise((resolve) => child.once('exit', resolve));

  // One line there, one back; those that ask meanwhile wait for their turn.
  let turn = Promise.resolve();
  const tell = (...words) => {
    const mine = turn.then(async () => {
      child.stdin.write(`${words.join(' ')}\n`);
      const { value } = await lines.next();
      if (!value || value.startsWith('?')) throw new Error(`the mouth says ${value}`);
      return value.split(' ');
    });
    turn = mine.catch(() => {});
    return mine;
  };
  const question = (operation, fields, key) => [typeof operation === 'number' ? operation : OPERATIONS[operation], key ? spell(id(key)) : '=',
    spell(fields instanceof Uint8Array ? fields : encode(fields))];
  const heard = ([outcome, rest]) => (outcome === 'ok' ? { outcome, fields: decode(Buffer.from(rest, 'base64url')) } : { outcome: rest ?? outcome });

  return {
    /** accepted, refused or pending: how the CURVE handshake ended. */
    knock: (service) => tell('knock', service).then(([word]) => word),
    /** {outcome: 'ok', fields} or {outcome: an error word, 'silence'}. Fields: an object in the table's order, or bytes. */
    ask: (service, operation, fields = {}, { key = '' } = {}) => tell('ask', service, ...question(operation, fields, key)).then(heard),
    /** The same question so many times at once; the answers are heard by nobody. */
    throw: (service, operation, fields, count) => tell('throw', service, ...question(operation, fields, ''), count),
    /** Frames as they are. */
    say: (service, ...frames) => tell('say', service, ...frames.map(spell)).then(heard),
    /** A sealed frame to crypto, as the gateway carries it; outcome is the operation's own error number. */
    carry: (operation, frame) => tell('ask', 'crypto', OPERATIONS.CARRY, '=', spell(encode({ operation, frame }))).then(heard),
    async stop() {
      child.stdin.end();
      return exited;
    },
  };
}
