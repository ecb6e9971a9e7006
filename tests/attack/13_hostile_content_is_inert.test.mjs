// SECURITY.md 7, attack 13: scripts in body, subject, file and organisation names; SVG and HTML as files. In
// Chromium: tests/browser/recipient_is_not_fooled. Here: what leaves the server and the client cannot run.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { startWorld } from '../system/support/world.mjs';
import { fileOf } from '../web/support/person.mjs';
import * as attack from './support/attack.mjs';

const HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)> javascript:alert(1) "\'&';

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

test('files that could run come out as bytes with a name that lies to nobody', async () => {
  const web = await attack.client();
  const office = await attack.office(world);
  const draft = await office.beginMessage();
  const names = { '../../evil.html': /^[^/\\]*$/, 'invoice\u202Efdp.exe': /^[^\u202e]*$/, 'con.svg': /^(?!con\.)/i, 'x\u0000y.js': /^[^\u0000]*$/, 'a\r\nb.html': /^[^\r\n]*$/ };
  for (const name of Object.keys(names)) draft.attach(fileOf(name, Buffer.from('<svg onload=alert(1)>'), 'text/html'));
  await office.send(draft, { lifetime_days: 7, undo_s: 0, language: 'en', parent: '', subject: HOSTILE, body: HOSTILE,
    recipients: [{ address: 'inert@recipient.example', name: 'Inert Person', method: web.METHODS.METHOD_PASSWORD, password: attack.PASSWORD }] });
  const visitor = await attack.visit(world, await world.linkFor('inert@recipient.example'));
  await visitor.verify({ password: attack.PASSWORD });
  const content = await visitor.open();
  assert.equal(content.manifest.body, HOSTILE, 'text is text');
  const wanted = Object.values(names);
  for (const [i, each] of content.manifest.attachments.entries()) {
    assert.match(web.savedName(each.name), wanted[i]);
    assert.equal((await content.download(each)).type, 'application/octet-stream');
  }
});

test('every answer says that nothing in it may run, and ciphertext is never shown', async () => {
  const { link } = await attack.mailed(world, 'policy@recipient.example');
  const visitor = await attack.visit(world, link);
  await visitor.verify({ password: attack.PASSWORD });
  const content = await visitor.open();
  const part = await fetch(`${world.stack.url}/api/v1/messages/${content.reply.message}/parts/0`, { headers: { 'Secure-Mail-Capability': content.reply.capability } });
  assert.equal(part.status, 200);
  assert.equal(part.headers.get('Content-Type'), 'application/octet-stream');
  for (const answer of [part, ...(await Promise.all(['/', '/m', '/admin', '/api/v1/limits', '/nowhere', '/api/v1/messages'].map((path) => fetch(world.stack.url + path))))]) {
    const policy = answer.headers.get('Content-Security-Policy');
    assert.match(policy, /default-src 'none'/);
    assert.ok(!/unsafe-inline|unsafe-eval|\*/.test(policy), policy);
    assert.equal(answer.headers.get('X-Content-Type-Options'), 'nosniff');
  }
});

test("a subject never reaches a mail, and an organisation's name cannot add to one", async () => {
  const log = await act.log(world);
  assert.ok(!JSON.stringify(log).includes('alert(1)'));
  for (const mail of world.mails) assert.ok(!JSON.stringify(mail).includes('onerror=alert'), 'nothing of a message is in a mail');
  const refused = await world.admin(['org', 'create', '--name', 'Evil\r\nBcc: x@evil.example', '--language', 'en'], { code: null });
  assert.notEqual(refused.code, 0);
});
