// The C envelope (tests/interop/main_envelope.c) as a function: call('part-open', key, context, sealed).

import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

import { TOP } from '../../../dev/stack.mjs';

const PROGRAM = process.env.SM_TEST_INTEROP ?? path.join(TOP, 'build', process.env.SM_TEST_MODE ?? 'debug', 'tests', 'interop', 'envelope');

export class Refused extends Error {}

const hex = (value) => (typeof value === 'string' ? Buffer.from(value) : Buffer.from(value)).toString('hex') || '-';

export function startInterop() {
  if (!fs.existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: make check builds it`);
  const child = spawn(PROGRAM, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
  return {
    // Arguments: bytes, text, or {id: '32 digits'}; the answers are bytes.
    async call(verb, ...values) {
      const words = values.map((value) => value?.id ?? hex(value));
      child.stdin.write(`${[verb, ...words].join(' ')}\n`);
      const { value: line } = await lines.next();
      const [outcome, ...answers] = (line ?? 'error process-ended').split(' ');
      if (outcome !== 'ok') throw new Refused(answers[0]);
      return answers.map((each) => new Uint8Array(Buffer.from(each === '-' ? '' : each, 'hex')));
    },
    async stop() {
      child.stdin.end();
      return exited;
    },
  };
}
