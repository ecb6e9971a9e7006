// PRODUCT.md A9: the declaration after NTA 7516 is a page for everybody, and a file that the server signs.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import { startWorld } from './support/world.mjs';

let world;
let publicKey;
before(async () => {
  world = await startWorld();
  publicKey = fs.readFileSync(world.stack.path('keys', 'audit-sign.pub'), 'utf8').trim();
});
after(() => world?.stop());

const get = (path) => fetch(`${world.stack.url}${path}`);
const verify = (file, args = [], code = 0) => world.run('securemail-verify', ['--declaration', file, ...args], { code });
const source = JSON.parse(fs.readFileSync('web/declaration/declaration.json', 'utf8'));

test('the declaration is public, in Dutch and English, without a script', async () => {
  for (const [path, language] of [['/nta7516', 'nl'], ['/nta7516/en', 'en']]) {
    const answer = await get(path);
    const html = await answer.text();
    assert.equal(answer.status, 200);
    assert.match(html, new RegExp(`<html lang="${language}">`));
    assert.ok(!/<script|\son\w+=|javascript:/i.test(html));
    assert.match(answer.headers.get('content-security-policy'), /^default-src 'none'; style-src 'self'/);
    assert.ok(!answer.headers.get('content-security-policy').includes('script-src'));
    for (const { clause, title } of source.criteria) assert.ok(html.includes(clause) && html.includes(title[language]), clause);
  }
});

test('the signed file verifies offline, and one that was changed does not', async () => {
  const answer = await get('/api/v1/declaration');
  const text = await answer.text();
  const { declaration } = JSON.parse(text);
  const file = world.file('nta7516.json', text);

  assert.match(answer.headers.get('content-type'), /^application\/json/);
  assert.equal(declaration.release, JSON.parse(fs.readFileSync('package.json', 'utf8')).version);
  assert.deepEqual(declaration.criteria.map((each) => [each.clause, each.state]), source.criteria.map((each) => [each.clause, each.state]));
  assert.match((await verify(file, ['--key', publicKey])).stdout, /^VERIFIED, by the key that you gave: a declaration of 22 criteria/);
  assert.match((await verify(file)).stdout, /BY A KEY THAT YOU DID NOT GIVE/);
  await verify(file, ['--key', '0'.repeat(64)], 1);
  await verify(world.file('better.json', text.replace('"state":"not-met"', '"state":"met"')), ['--key', publicKey], 1);
  await verify(world.file('twice.json', text + text), ['--key', publicKey], 1);
});

test('a declaration is no checkpoint, and a checkpoint no declaration', async () => {
  const note = world.file('head.note', (await world.run('securemail-admin', ['audit', 'checkpoint'], { home: 'boss' })).stdout);
  await verify(note, [], 1);
  const file = world.file('declared.json', await (await get('/api/v1/declaration')).text());
  await world.run('securemail-verify', ['--proof', file], { code: 1 });
});
