// Looks for planted bytes in every place of the suite: memory of the processes, tables, files, bus traffic.

import fs from 'node:fs';
import path from 'node:path';

const CHUNK = 4 * 1024 * 1024;

// The forms in which a secret may lie somewhere: as it is, in hexadecimal, in both base64 alphabets.
export function formsOf(secret) {
  const bytes = Buffer.isBuffer(secret) ? secret : Buffer.from(secret);
  const unpadded = (text) => Buffer.from(text.replace(/=+$/, ''));
  return [bytes, Buffer.from(bytes.toString('hex')), unpadded(bytes.toString('base64')), Buffer.from(bytes.toString('base64url'))];
}

const holds = (bytes, forms) => forms.some((form) => bytes.includes(form));

// All writable memory of a process of ours, through /proc.
export function memoryHolds(pid, forms) {
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r');
  try {
    for (const line of fs.readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, from, to, mode] = line.match(/^([0-9a-f]+)-([0-9a-f]+) (....)/) ?? [];
      if (!from || mode[0] !== 'r' || mode[1] !== 'w') continue;
      if (regionHolds(memory, parseInt(from, 16), parseInt(to, 16), forms)) return true;
    }
    return false;
  } finally {
    fs.closeSync(memory);
  }
}

function regionHolds(memory, from, to, forms) {
  const overlap = Math.max(...forms.map((form) => form.length));
  const chunk = Buffer.alloc(CHUNK);
  for (let at = from; at < to; at += CHUNK - overlap) {
    let read = 0;
    try {
      read = fs.readSync(memory, chunk, 0, Math.min(CHUNK, to - at), at);
    } catch {
      return false; // guard pages and device mappings
    }
    if (holds(chunk.subarray(0, read), forms)) return true;
    if (read < CHUNK) return false;
  }
  return false;
}

export function folderHolds(folder, forms) {
  return fs.readdirSync(folder, { recursive: true }).map((name) => path.join(folder, String(name)))
    .filter((name) => fs.statSync(name, { throwIfNoEntry: false })?.isFile())
    .some((name) => holds(fs.readFileSync(name), forms));
}

// Every column of every table of a schema, as text and as bytes.
export function schemaHolds(world, schema, forms) {
  const tables = world.sql(`SELECT table_name FROM information_schema.tables WHERE table_schema = '${schema}'`);
  return tables.some(([table]) =>
    world.sql(`SELECT each::text FROM "${schema}"."${table}" AS each`).some(([row]) => {
      const text = Buffer.from(row ?? '');
      const bytes = [...(row ?? '').matchAll(/\\x([0-9a-f]+)/g)].map(([, hex]) => Buffer.from(hex, 'hex'));
      return holds(text, forms) || bytes.some((each) => holds(each, forms));
    }));
}
