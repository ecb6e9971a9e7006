// Looks for planted bytes in every place of the suite: memory of the processes, tables, files, bus traffic.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { allUnder } from '../../support/walk.mjs';

const READER = fileURLToPath(new URL('memory.mjs', import.meta.url));
const REFUSED = 3;

// A form is what to look for: { hex } bytes anywhere, or { number } digits with no digit before or after them (a
// short number stands inside many longer ones by chance). Plain data: it goes to memory.mjs too.
export function formFrom(form) {
  const bytes = Buffer.from(form.hex ?? '', 'hex');
  const alone = new RegExp(`(?<![0-9])${form.number}(?![0-9])`);
  return form.number
    ? { ...form, length: form.number.length + 2, isIn: (place) => alone.test(place.toString('latin1')) }
    : { ...form, length: bytes.length, isIn: (place) => place.includes(bytes) };
}

export const formOfNumber = (number) => formFrom({ number });

// How a secret may lie somewhere: as it is, in hexadecimal, in both base64 alphabets.
export function formsOf(secret) {
  const bytes = Buffer.isBuffer(secret) ? secret : Buffer.from(secret);
  const texts = [bytes.toString('hex'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('base64url')];
  return [bytes, ...texts.map((text) => Buffer.from(text))].map((form) => formFrom({ hex: form.toString('hex') }));
}

export const holds = (bytes, forms) => forms.some((form) => form.isIn(bytes));

function readProcess(pid, place, forms) {
  const command = [process.execPath, READER, String(pid), place];
  const [program, ...args] = process.getuid() === 0 ? command : ['sudo', '-n', ...command];
  return spawnSync(program, args, { input: JSON.stringify(forms), encoding: 'utf8' });
}

// Whether this machine lets us look: a container's root may not, an ordinary user only with sudo.
export const isMemoryReadable = (pid) => readProcess(pid, 'environ', formsOf('x')).status === 0;

function processHolds(pid, place, forms) {
  const { status, stdout, stderr } = readProcess(pid, place, forms);
  if (status !== 0) throw new Error(`${place} of ${pid}: ${status === REFUSED ? 'reading is refused' : stderr}`);
  return JSON.parse(stdout);
}

// All writable memory of a process of ours, and what it was started with.
export const memoryHolds = (pid, forms) => processHolds(pid, 'memory', forms);
export const environHolds = (pid, forms) => processHolds(pid, 'environ', forms);

export function folderHolds(folder, forms) {
  return allUnder(folder).map((name) => path.join(folder, name))
    .filter((name) => fs.statSync(name, { throwIfNoEntry: false })?.isFile())
    .some((name) => holds(fs.readFileSync(name), forms));
}

// Rows as PostgreSQL writes them, with bytes as \x and digits: in those the bytes are looked at, so that a short number
// is not found among the digits by chance.
export function rowsHold(text, forms) {
  const spelled = /\\x((?:[0-9a-f]{2})+)/g;
  const bytes = [...text.matchAll(spelled)].map(([, hex]) => Buffer.from(hex, 'hex'));
  return holds(Buffer.from(text.replace(spelled, ' ')), forms) || bytes.some((each) => holds(each, forms));
}

// Every column of every table of a schema, as text and as bytes.
export function schemaHolds(world, schema, forms) {
  const tables = world.sql(`SELECT table_name FROM information_schema.tables WHERE table_schema = '${schema}'`);
  const rows = world.sql(tables.map(([table]) => `SELECT each::text FROM "${schema}"."${table}" AS each`).join(' UNION ALL '));
  return rows.some(([row]) => rowsHold(row ?? '', forms));
}
