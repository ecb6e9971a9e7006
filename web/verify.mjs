// Compares what a server serves with this build: every path of build/web/files.json, in every form in
// which it may come, with its type and policy. Usage: node web/verify.mjs URL [LIST]
// Exit code 0: the same; 1: something differs, each named on a line; 2: wrong usage.
//
// Run it from a machine that the server does not know to be this check, at times that nobody can guess:
// it sees what is served to it, now. A server may serve others something else (docs/threat-model.md).

import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import zlib from 'node:zlib';

const BYTES_MAX = 16 * 1024 * 1024;
const TIMEOUT_MS = 30_000;
const FORMS = { identity: (bytes) => bytes, gzip: zlib.gunzipSync, br: zlib.brotliDecompressSync };
const LIST = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'build/web/files.json');

// One GET without following anybody anywhere: status, headers, bytes as they came.
function get(url, form) {
  return new Promise((resolve, reject) => {
    const { get: ask } = url.protocol === 'https:' ? https : http;
    const request = ask(url, { headers: { 'accept-encoding': form }, timeout: TIMEOUT_MS }, (answer) => {
      const pieces = [];
      let size = 0;
      answer.on('data', (piece) => {
        size += piece.length;
        if (size > BYTES_MAX) request.destroy(new Error('it is larger than anything of ours'));
        pieces.push(piece);
      });
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, bytes: Buffer.concat(pieces) }));
      answer.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

// What differs from the list's row, in words; nothing when it is the same.
async function compare(base, row, form) {
  const { status, headers, bytes } = await get(new URL(row.path, base), form);
  if (status !== 200) return [`status ${status}`];
  const encoding = headers['content-encoding'] ?? 'identity';
  if (!Object.hasOwn(FORMS, encoding)) return [`an encoding that was not asked for: ${encoding}`];
  const faults = [];
  const plain = FORMS[encoding](bytes, { maxOutputLength: BYTES_MAX });
  const digest = crypto.createHash('sha256').update(plain).digest('hex');
  if (digest !== row.sha256) faults.push(`another content: ${digest}, not ${row.sha256}`);
  if (headers['content-type'] !== row.type) faults.push(`another type: ${headers['content-type']}`);
  if (row.policy && headers['content-security-policy'] !== row.policy) faults.push(`another policy: ${headers['content-security-policy']}`);
  return faults;
}

export async function verifyBundle(base, rows) {
  const faults = [];
  for (const row of rows)
    for (const form of Object.keys(FORMS)) {
      const found = await compare(base, row, form).catch((error) => [error.message]);
      faults.push(...found.map((fault) => `${row.path} (${form}): ${fault}`));
    }
  return faults;
}

async function main([text, list = LIST]) {
  const base = URL.canParse(text ?? '') ? new URL(text) : null;
  if (!base || !/^https?:$/.test(base.protocol)) {
    console.error('Usage: make verify-bundle URL=https://mail.example.org');
    return 2;
  }
  if (!fs.existsSync(list)) {
    console.error(`${list} is not there. Build the same version first: make web`);
    return 2;
  }
  const { files: rows } = JSON.parse(fs.readFileSync(list, 'utf8'));
  const faults = await verifyBundle(base, rows);
  for (const fault of faults) console.log(`DIFFERS: ${fault}`);
  console.log(faults.length ? `${faults.length} differences. Do not use this server until they are explained.` : `The same as this build: ${rows.length} paths in ${Object.keys(FORMS).length} forms.`);
  return faults.length ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.slice(2));
