// What only the pages do, by the pages' own client: for the tests that kill a service while it is done.

import { createHmac } from 'node:crypto';

import { fakeTab, fetchOf } from '../../web/support/person.mjs';
import { load } from '../../web/support/load.mjs';
import * as act from './actions.mjs';

let loaded = null;
const MODULES = ['web/client/office.ts', 'web/client/visit.ts', 'web/envelope/link.ts', 'web/protocol/protocol.ts'];

export async function client() {
  fakeTab();
  return (loaded ??= await load(...MODULES));
}

export const where = (world) => ({ base: world.url, fetch: fetchOf() });
const passwordOf = (home) => `password-of-${home}`;

export async function officeOf(world, home) {
  const { Office } = await client();
  const office = await Office.open(where(world));
  await office.signIn(world.people[home].email, passwordOf(home));
  return office;
}

const linkIn = (web, text) => web.parseLink(new URL(text).hash);

// RFC 6238, by the database's clock.
function codeOf(world, secret) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor((Date.now() + world.clockOffsetMs) / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

export async function changePassword(world, home) {
  const office = await officeOf(world, home);
  await office.changePassword(passwordOf(home), passwordOf(home));
}

export async function addSecondFactor(world, home) {
  const office = await officeOf(world, home);
  const { secret } = await office.beginTotp();
  await office.confirmTotp(codeOf(world, secret));
}

export async function addUser(world, home, email) {
  const office = await officeOf(world, home);
  await office.call('user_create', { email, name: 'Somebody', roles: 1, password: '', is_mailed: false });
}

export async function setPasswordByLink(world, home, email) {
  const web = await client();
  const office = await officeOf(world, home);
  const { link } = await office.call('user_create', { email, name: 'Somebody', roles: 1, password: '', is_mailed: false });
  await web.resetPassword(linkIn(web, link), 'a-password-by-link', where(world));
}

export async function mailAgain(world, home, message) {
  const office = await officeOf(world, home);
  const { recipients } = await office.detail(message);
  await office.resend(message, recipients[0].link);
}

// Answers a message and opens the answer again, as the recipient.
export async function readOwnReply(world, link, password) {
  const web = await client();
  await act.reply(world, link, { password, home: 'thread' });
  const visit = await web.Visit.open(linkIn(web, link), where(world));
  await visit.verify({ password });
  const [own] = (await visit.thread()).filter((row) => row.direction === 1);
  await visit.openOther(own.message);
}
