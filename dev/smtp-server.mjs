// A real SMTP server for development and tests: STARTTLS with a certificate made at set-up, AUTH, and
// every mail it accepts kept as a file, with one line in index.ndjson. Tests make it misbehave.
//
//   import { startSmtpServer } from './smtp-server.mjs'
//   node dev/smtp-server.mjs --port 2525 --mail var/mail --keys var/keys
//     As a program it speaks JSON lines: {"event":"listening","port":...} and one for each mail; on
//     standard input it takes "behave <name>" and answers {"event":"behaves",...}; it ends with its input.

import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';
import { fileURLToPath } from 'node:url';

import smtp from 'smtp-server';

const MAIL_BYTES_MAX = 1024 * 1024;

// What the server does at each step of a mail. A reply is {code, text}; 'drop' and 'hang' do as named.
const BEHAVIOURS = {
  accept: {},
  'refuse-4xx': { recipient: { code: 450, text: 'Mailbox busy, try again later' } },
  'refuse-5xx': { recipient: { code: 550, text: 'No such user here' } },
  'refuse-sender-5xx': { sender: { code: 553, text: 'Sender address not allowed' } },
  'refuse-data-4xx': { data: { code: 451, text: 'Local error in processing' } },
  'refuse-data-5xx': { data: { code: 554, text: 'Message refused' } },
  'refuse-auth': { auth: { code: 535, text: 'Authentication failed' } },
  drop: { recipient: 'drop' },
  'drop-after-data': { data: 'drop' },
  'hang-at-recipient': { recipient: 'hang' },
  'hang-after-data': { data: 'hang' }, // the mail is kept: the client cannot know that
  away: { listen: false },
};

// --- set-up -----------------------------------------------------------------------------------------

// Made once: a certificate that is its own authority, and the password of the one account.
function makeKeys(keysDir) {
  const file = (name) => path.join(keysDir, name);
  fs.mkdirSync(keysDir, { recursive: true, mode: 0o700 });
  if (!fs.existsSync(file('smtp-ca.pem'))) {
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '3650',
      '-subj', '/CN=Secure Mail development relay', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1',
      '-keyout', file('smtp-server.key'), '-out', file('smtp-ca.pem'),
    ], { stdio: ['ignore', 'ignore', 'pipe'] });
    fs.chmodSync(file('smtp-server.key'), 0o600);
  }
  if (!fs.existsSync(file('smtp-password')))
    fs.writeFileSync(file('smtp-password'), crypto.randomBytes(18).toString('base64url') + '\n', { mode: 0o600 });
  return {
    key: fs.readFileSync(file('smtp-server.key')),
    cert: fs.readFileSync(file('smtp-ca.pem')),
    password: fs.readFileSync(file('smtp-password'), 'utf8').trim(),
  };
}

// --- reading a mail ---------------------------------------------------------------------------------

const decodeQuotedPrintable = (text) =>
  Buffer.from(
    text.replace(/=\r?\n/g, '').replace(/=([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16))),
    'latin1',
  ).toString('utf8');

const decodeWords = (text) =>
  text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?B\?([^?]*)\?=/gi, (_, word) => Buffer.from(word, 'base64').toString('utf8'))
    .replace(/=\?utf-8\?Q\?([^?]*)\?=/gi, (_, word) => decodeQuotedPrintable(word.replace(/_/g, ' ')));

export function readMail(raw) {
  const text = raw.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  const headers = {};
  for (const line of text.slice(0, end).replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const body = decodeQuotedPrintable(text.slice(end + 4));
  return {
    subject: decodeWords(headers.subject ?? ''),
    messageId: headers['message-id'],
    headers,
    body,
    link: body.match(/^https?:\/\/\S+#\S+$/m)?.[0],
    code: body.match(/^\s*(\d{6})\s*$/m)?.[1],
  };
}

// --- the server -------------------------------------------------------------------------------------

class DevelopmentServer {
  constructor({ host = '127.0.0.1', port = 2525, mailDir, keysDir, user = 'secure-mail', onMail = () => {} }) {
    Object.assign(this, { host, port, mailDir, user, onMail });
    this.keys = makeKeys(keysDir);
    this.behaviour = BEHAVIOURS.accept;
    this.attempts = 0; // mails that somebody began to hand over
    this.received = 0;
    this.hanging = new Set(); // sessions that get no answer
    fs.mkdirSync(mailDir, { recursive: true, mode: 0o700 });
  }

  async listen() {
    this.server = new smtp.SMTPServer({
      name: 'localhost',
      key: this.keys.key,
      cert: this.keys.cert,
      authMethods: ['PLAIN', 'LOGIN'],
      disableReverseLookup: true,
      size: MAIL_BYTES_MAX,
      socketTimeout: 10 * 60 * 1000,
      closeTimeout: 100,
      onAuth: (auth, session, done) => this.onAuth(auth, session, done),
      onMailFrom: (address, session, done) => {
        this.attempts += 1;
        this.answer('sender', session, done);
      },
      onRcptTo: (address, session, done) => this.answer('recipient', session, done),
      onData: (stream, session, done) => this.onData(stream, session, done),
    });
    this.server.on('error', () => {}); // a client that goes away is no fault of ours
    await new Promise((resolve, reject) => {
      this.server.server.once('error', reject);
      this.server.listen(this.port, this.host, resolve);
    });
    this.port = this.server.server.address().port;
  }

  // Answers a step as the present behaviour says.
  answer(step, session, done, accepted) {
    const reply = this.behaviour[step];
    if (!reply) done(null, accepted);
    else if (reply === 'hang') this.hanging.add(session.id);
    else if (reply === 'drop') this.drop(session.id);
    else done(Object.assign(new Error(reply.text), { responseCode: reply.code }));
  }

  drop(sessionId) {
    for (const connection of this.server.connections)
      if (connection.session?.id === sessionId || connection.id === sessionId) connection._socket?.destroy();
  }

  onAuth(auth, session, done) {
    const isRight = auth.username === this.user && auth.password === this.keys.password;
    if (isRight) this.answer('auth', session, done, { user: auth.username });
    else done(Object.assign(new Error('Invalid username or password'), { responseCode: 535 }));
  }

  onData(stream, session, done) {
    const pieces = [];
    stream.on('data', (bytes) => pieces.push(bytes));
    stream.on('end', () => {
      if (stream.sizeExceeded) return done(Object.assign(new Error('Too large'), { responseCode: 552 }));
      const reply = this.behaviour.data;
      if (!reply || reply === 'hang') this.keep(Buffer.concat(pieces), session.envelope);
      return this.answer('data', session, done, 'kept');
    });
  }

  keep(raw, envelope) {
    const file = `${new Date().toISOString().replace(/[:.]/g, '-')}-${String((this.received += 1)).padStart(4, '0')}.eml`;
    fs.writeFileSync(path.join(this.mailDir, file), raw, { mode: 0o600 });
    for (const recipient of envelope.rcptTo) {
      const mail = { ...readMail(raw), to: recipient.address, from: envelope.mailFrom.address, file };
      const { body, headers, ...line } = mail;
      fs.appendFileSync(path.join(this.mailDir, 'index.ndjson'), JSON.stringify(line) + '\n', { mode: 0o600 });
      this.onMail(mail);
    }
  }

  // From now on. Whoever waits for an answer loses the connection, as when a relay restarts.
  async behave(name) {
    const behaviour = BEHAVIOURS[name];
    if (!behaviour) throw new Error(`unknown behaviour ${name}: one of ${Object.keys(BEHAVIOURS).join(', ')}`);
    const [was, is] = [this.behaviour.listen !== false, behaviour.listen !== false];
    this.behaviour = behaviour;
    for (const id of this.hanging) this.drop(id);
    this.hanging.clear();
    if (was && !is) await this.close();
    if (!was && is) await this.listen();
  }

  async close() {
    for (const connection of this.server.connections) connection._socket?.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

// port 0: a free one. Resolves when it listens; `port` says where.
export async function startSmtpServer(options) {
  const server = new DevelopmentServer(options);
  await server.listen();
  return server;
}

// --- as a program -----------------------------------------------------------------------------------

function readArguments(words) {
  const names = { '--port': 'port', '--mail': 'mailDir', '--keys': 'keysDir', '--user': 'user' };
  const options = { mailDir: 'var/mail', keysDir: 'var/keys' };
  for (let i = 0; i < words.length; i += 2) {
    if (!names[words[i]] || words[i + 1] === undefined) throw new Error(`usage: smtp-server.mjs [${Object.keys(names).join(' X] [')} X]`);
    options[names[words[i]]] = words[i] === '--port' ? Number(words[i + 1]) : words[i + 1];
  }
  return options;
}

async function main() {
  const tell = (fact) => process.stdout.write(JSON.stringify(fact) + '\n');
  const onMail = ({ to, from, subject, messageId, link, code, file }) =>
    tell({ event: 'mail', to, from, subject, messageId, link, code, file });
  const server = await startSmtpServer({ ...readArguments(process.argv.slice(2)), onMail });
  tell({ event: 'listening', port: server.port });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [command, name] = line.trim().split(/\s+/);
    if (command !== 'behave') throw new Error(`unknown command ${command}`);
    await server.behave(name);
    tell({ event: 'behaves', name, attempts: server.attempts });
  }
  process.exit(0);
}

if (process.argv[1] && fileURLToPath(import.meta.url) === fs.realpathSync(process.argv[1]))
  main().catch((error) => {
    process.stderr.write(`smtp-server: ${error.message}\n`);
    process.exit(1);
  });
