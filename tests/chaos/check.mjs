// What must be true when everything stands again, looked at from outside: each message through its link, the mailbox,
// the sender's list, the store, and the exported log. Everything that is not so is a loss, and is said.

import fs from 'node:fs';

import * as act from '../system/support/actions.mjs';
import { checkOrder, inOrderOf } from './order.mjs';
import { within } from './within.mjs';

const HANDS = 4;
const SETTLE_MS = 180_000;
const ASK_MS = 90_000; // a slow machine may say "not just now": only what stays so is a loss; another code may be asked for after 60 s
const NOT_NOW = ['unavailable', 'busy', 'timeout', 'not-active', 'rate-limited', 'wrong-secret', 'no code'];

const isGone = (record) => record.is.revoked === 'done' || record.is.deleted === 'done';
const isUnsure = (record) => record.is.revoked === 'asked' || record.is.deleted === 'asked';

/** The losses, as sentences. */
export async function check(world, people) {
  const losses = [...people.losses];
  const sent = people.records.filter((each) => each.is.sent === 'done');
  await checkMails(world, people, losses);
  await inHands(sent, (record) => checkContent(people, record, losses));
  await checkList(people, sent, losses);
  await checkStore(world, sent, losses);
  await checkLog(world, people, losses);
  return losses;
}

async function inHands(list, work) {
  const left = [...list];
  await Promise.all(Array.from({ length: HANDS }, async () => {
    for (let each; (each = left.shift()); ) await work(each);
  }));
}

// What is not revoked or deleted has its one notification; and nobody has mail of a message that nobody sent.
async function checkMails(world, people, losses) {
  const notices = () => world.mails.filter((mail) => mail.link && mail.to.endsWith('@recipient.example'));
  const expected = people.records.filter((each) => each.is.sent === 'done' && !isGone(each) && !isUnsure(each));
  await within(SETTLE_MS, () => {
    const there = new Set(notices().map((mail) => mail.to));
    return expected.every((each) => there.has(each.address));
  });
  const ids = new Map();
  for (const mail of notices()) ids.set(mail.to, (ids.get(mail.to) ?? new Set()).add(mail.messageId));
  for (const { address } of expected) if (!ids.has(address)) losses.push(`${address}: no notification`);
  const known = new Set(people.records.map((each) => each.address));
  for (const [address, each] of ids) {
    if (each.size > 1) losses.push(`${address}: ${each.size} notifications that can be told apart`);
    if (!known.has(address)) losses.push(`${address}: a notification that nobody sent`);
  }
}

async function outcome(people, record) {
  let found;
  await within(ASK_MS, async () => !NOT_NOW.includes((found = await look(people, record))));
  return found;
}

async function look(people, record) {
  try {
    const read = await people.read(record, 0);
    if (!read) return 'no mail';
    return (await people.differs(record, read.content)) ?? 'opens';
  } catch (error) {
    return error.word ?? String(error);
  }
}

async function checkContent(people, record, losses) {
  if (isUnsure(record)) return;
  const found = await outcome(people, record);
  const isRight = isGone(record) ? ['gone', 'no mail'].includes(found) : found === 'opens';
  if (!isRight) losses.push(`${record.address}: ${isGone(record) ? 'should be gone' : 'should open'}, and is: ${found}`);
  if (record.is.deleted) return;
  for (const reply of record.replies.filter((each) => each.is === 'done')) {
    const body = await people.office.read(reply.message).then((content) => content.manifest.body, (error) => error.word ?? String(error));
    if (body !== reply.body) losses.push(`${record.address}: its reply reads: ${body}`);
  }
}

async function checkList(people, sent, losses) {
  const rows = new Map();
  for (let cursor = ''; ; ) {
    const page = await people.office.list(cursor);
    for (const row of page.messages) rows.set(row.message, row);
    if (!(cursor = page.next)) break;
  }
  for (const { address, message, is } of sent) {
    if (is.deleted === 'asked') continue;
    if (Boolean(is.deleted) === rows.has(message)) losses.push(`${address}: ${is.deleted ? 'deleted, and in the list' : 'not in the list'}`);
    const status = rows.get(message)?.status;
    if (is.revoked === 'done' && !is.deleted && status !== 'revoked') losses.push(`${address}: revoked, and shown as ${status}`);
  }
}

// Ciphertext of what was deleted goes with it or with the next sweep.
async function checkStore(world, sent, losses) {
  const place = ({ message }) => world.stack.path('objects', message.slice(-2), message);
  const deleted = sent.filter((each) => each.is.deleted === 'done');
  await within(SETTLE_MS, () => deleted.every((each) => !fs.existsSync(place(each))));
  for (const each of deleted) if (fs.existsSync(place(each))) losses.push(`${each.address}: deleted, and its ciphertext is there`);
}

// Complete, in order, once each, verified.
async function checkLog(world, people, losses) {
  const file = await act.exportLog(world);
  await world.run('securemail-verify', [file]).catch((error) => losses.push(`the log does not verify: ${error.message}`));
  const entries = fs.readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line)).filter((line) => line.entry)
    .map((line) => (typeof line.entry === 'string' ? JSON.parse(line.entry) : line.entry));
  if (new Set(entries.map((each) => each.event)).size !== entries.length) losses.push('an event is in the log twice');
  const of = inOrderOf(entries);
  for (const record of people.records) if (record.message) checkEntries(record, of.get(record.message) ?? {}, losses);
  checkReplies(entries, people, losses);
  losses.push(...checkOrder(entries, people.acts, people.records));
  if (checkOrder([...entries].reverse(), people.acts, people.records).length === 0) losses.push('a log from its end to its beginning is not seen to be one: its order was not checked');
}

function checkEntries({ address, is, opened }, kinds, losses) {
  const count = (kind) => kinds[kind]?.length ?? 0;
  for (const kind of ['sent', 'revoked', 'deleted']) checkCount(`${address}: '${kind}'`, count(kind), is[kind], losses);
  for (const kind of ['verified', 'opened', 'download-granted'])
    if (count(kind) < opened) losses.push(`${address}: opened in ${opened} sessions, and '${kind}' is in the log ${count(kind)} times`);
}

function checkReplies(entries, people, losses) {
  const counts = new Map();
  for (const { kind, reason } of entries) if (kind === 'replied') counts.set(reason, (counts.get(reason) ?? 0) + 1);
  for (const { message, is } of people.records.flatMap((each) => each.replies))
    if (message) checkCount(`the reply ${message}`, counts.get(`reply ${message}`) ?? 0, is, losses);
}

function checkCount(what, count, state, losses) {
  if (state === 'done' && count !== 1) losses.push(`${what} is in the log ${count} times`);
  if (state === 'asked' && count > 1) losses.push(`${what} is in the log ${count} times`);
  if (!state && count > 0) losses.push(`${what} is in the log, and nobody asked for it`);
}
