// Reads another process: `node memory.mjs PID memory|environ` with the forms (see canary.mjs) as JSON on standard
// input prints whether one of them is in it. A program of its own, because the services forbid reading (they are not
// dumpable) and an ordinary user needs sudo for it. Exit 3: reading is refused.

import fs from 'node:fs';

import { formFrom, holds } from './canary.mjs';

const CHUNK = 4 * 1024 * 1024;

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

function memoryHolds(pid, forms) {
  const memory = fs.openSync(`/proc/${pid}/mem`, 'r');
  for (const line of fs.readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
    const [, from, to, mode] = line.match(/^([0-9a-f]+)-([0-9a-f]+) (....)/) ?? [];
    if (!from || mode[0] !== 'r' || mode[1] !== 'w') continue;
    if (regionHolds(memory, parseInt(from, 16), parseInt(to, 16), forms)) return true;
  }
  return false;
}

const places = {
  memory: memoryHolds,
  environ: (pid, forms) => holds(fs.readFileSync(`/proc/${pid}/environ`), forms),
};

try {
  const [, , pid, place] = process.argv;
  const forms = JSON.parse(fs.readFileSync(0, 'utf8')).map(formFrom);
  console.log(places[place](Number(pid), forms));
} catch (error) {
  console.error(error.message);
  process.exitCode = error.code === 'EACCES' || error.code === 'EPERM' ? 3 : 1;
}
