// What people do, in their words: one place that knows how the command line is called.

import crypto from 'node:crypto';
import fs from 'node:fs';

let counter = 0;
const unique = (name) => `${name}-${(counter += 1)}`;

export const sha256 = (file) => crypto.createHash('sha256').update(fs.readFileSync(file)).digest('hex');

// A file of exactly `size` bytes that compresses to nothing: what is received can be compared.
export function makeFile(world, name, size) {
  return world.file(`files/${name}`, size ? crypto.randomBytes(size) : '');
}

// to: addresses; check: password | code | password+code; undo: seconds that the mail waits. Returns the message id and its links by mail.
export async function send(world, { to, check = 'password', password = 'correct-horse', subject = 'Your results',
  body = 'Good news.', attach = [], expires = '7d', undo = 0, home = 'sender', code = 0 } = {}) {
  const recipients = [].concat(to);
  const args = ['send', ...recipients.flatMap((each) => ['--to', each]), '--subject', subject,
    '--body-file', world.file(`${unique('body')}.txt`, body), '--check', check, '--expires', expires,
    ...(undo ? ['--undo', String(undo)] : []), ...attach.flatMap((each) => ['--attach', each])];
  if (check.includes('password'))
    args.push('--recipient-password-file', world.file(`${unique('recipient')}.password`, password));
  const result = await world.cli(home, args, { code });
  return { ...result, message: result.json?.message };
}

// A recipient opens a link. What is expected to fail names its exit code.
export function open(world, link, { password, code: mailed, saveTo, home = 'recipient', exit = 0 } = {}) {
  const args = ['open', link];
  if (password !== undefined) args.push('--password-file', world.file(`${unique('try')}.password`, password));
  if (mailed !== undefined) args.push('--code', mailed);
  if (saveTo) args.push('--save-to', saveTo);
  return world.cli(home, args, { code: exit });
}

export function sendCode(world, link, { home = 'recipient', exit = 0 } = {}) {
  return world.cli(home, ['open', link, '--send-code'], { code: exit });
}

export function reply(world, link, { password, body = 'Thank you.', attach = [], home = 'recipient', exit = 0 } = {}) {
  const args = ['reply', link, '--body-file', world.file(`${unique('reply')}.txt`, body), ...attach.flatMap((each) => ['--attach', each])];
  if (password !== undefined) args.push('--password-file', world.file(`${unique('try')}.password`, password));
  return world.cli(home, args, { code: exit });
}

export async function list(world, home = 'sender') {
  return (await world.cli(home, ['list'])).json.messages;
}

export async function show(world, message, home = 'sender') {
  return (await world.cli(home, ['show', message])).json;
}

// The entries of the organisation's log, oldest first, as objects.
export async function log(world) {
  const file = await exportLog(world);
  return fs.readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line)).filter((line) => line.entry)
    .map((line) => (typeof line.entry === 'string' ? JSON.parse(line.entry) : line.entry));
}

export async function exportLog(world) {
  const file = world.path(`${unique('export')}.ndjson`);
  await world.run('securemail-admin', ['audit', 'export', '--output', file], { home: 'boss' });
  return file;
}

// The operator erases values of the organisation's log.
export const erase = (world, args, options = {}) =>
  world.run('securemail-admin', ['audit', 'erase', '--org', world.organisation, ...args,
    '--audit', world.stack.bus('audit'), '--keys', world.stack.path('keys'), ...(options.words ? [] : ['--json'])], options);

export const kindsOf = (entries, message) => entries.filter((entry) => !message || entry.message === message).map((entry) => entry.kind);

// What happens to every mail address: its link arrives, and nothing else of the message does.
export const linkOf = (world, address) => world.linkFor(address);
