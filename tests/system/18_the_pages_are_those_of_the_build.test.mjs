// SECURITY.md 5 and 7 (attack 2): what a gateway serves is compared with the build from outside, and an
// altered script is named.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { after, before, test } from 'node:test';

import { startWorld } from './support/world.mjs';

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

const check = (url) => spawnSync('make', ['-s', 'verify-bundle', `URL=${url}`], { encoding: 'utf8' });

test('a gateway serves what was built', () => {
  const { status, stdout, stderr } = check(world.stack.url);
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^The same as this build: \d\d+ paths/m);
});

test('who alters one script on the way is found', async () => {
  // In a process of its own: `check` blocks this one.
  const proxy = `
    const http = require('node:http');
    http.createServer((request, response) => http.get(new URL(request.url, ${JSON.stringify(world.stack.url)}), { headers: request.headers }, (answer) => {
      const pieces = [];
      answer.on('data', (piece) => pieces.push(piece)).on('end', () => {
        const bytes = Buffer.concat(pieces);
        if (request.url.endsWith('.js')) bytes[bytes.length - 1] ^= 1;
        response.writeHead(answer.statusCode, answer.headers).end(bytes);
      });
    })).listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;
  const child = spawn(process.execPath, ['-e', proxy], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const port = await new Promise((resolve) => child.stdout.once('data', (line) => resolve(String(line).trim())));
    const { status, stdout } = check(`http://127.0.0.1:${port}`);
    assert.notEqual(status, 0);
    assert.match(stdout, /^DIFFERS: \/assets\/[^ ]+\.js/m);
    assert.doesNotMatch(stdout, /^DIFFERS: \/m /m);
  } finally {
    child.kill();
  }
});
