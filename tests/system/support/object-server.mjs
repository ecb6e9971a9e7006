// An S3-compatible server: s3rver, a real one, stores, lists and deletes in a folder. It does not check signatures of
// version 4, so in front of it stands what does: TLS with an authority of its own, and the signature as AWS describes
// it, written here from that description alone, so that it is no copy of what signs.

import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';

import S3rver from 's3rver';

import { freePorts } from '../../../dev/stack.mjs';
import { allUnder } from '../../support/walk.mjs';

const BODY_BYTES_MAX = 64e6;
const SKEW_MS = 15 * 60_000;
const BACKEND = { id: 'S3RVER', secret: 'S3RVER' }; // s3rver's own, by which it knows who asks

const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const hmac = (key, text) => crypto.createHmac('sha256', key).update(text).digest();

// As AWS writes names and values into what is signed: everything but the unreserved letters is escaped.
const escaped = (text) => encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);

function canonicalQuery(search) {
  const pairs = [...new URLSearchParams(search)].map(([name, value]) => [escaped(name), escaped(value)]);
  pairs.sort(([a, x], [b, y]) => (a < b || (a === b && x < y) ? -1 : 1));
  return pairs.map((pair) => pair.join('=')).join('&');
}

// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. Returns the code of a refusal, or null.
export function refusalOf({ method, url, headers, body }, { id, secret, region }, now = Date.now()) {
  const form = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$/;
  const [, keyId, day, named, signed, signature] = form.exec(headers.authorization ?? '') ?? [];
  if (!keyId) return 'AccessDenied';
  if (keyId !== id) return 'InvalidAccessKeyId';
  if (named !== region) return 'AuthorizationHeaderMalformed';
  const time = headers['x-amz-date'] ?? '';
  const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
  if (!(Math.abs(now - at) <= SKEW_MS) || !time.startsWith(day)) return 'RequestTimeTooSkewed';
  const names = signed.split(';');
  const mustBeSigned = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  if (!mustBeSigned.every((name) => names.includes(name))) return 'AccessDenied';
  const hash = headers['x-amz-content-sha256'];
  if (hash !== sha256(body)) return 'XAmzContentSHA256Mismatch';
  const [place, search = ''] = url.split('?');
  const canonical = [
    method,
    place.split('/').map((part) => escaped(decodeURIComponent(part))).join('/'),
    canonicalQuery(search),
    ...names.map((name) => `${name}:${headers[name].trim().replace(/ +/g, ' ')}`),
    '',
    signed,
    hash,
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, `${day}/${region}/s3/aws4_request`, sha256(canonical)].join('\n');
  const key = [day, region, 's3', 'aws4_request'].reduce(hmac, `AWS4${secret}`);
  return hmac(key, toSign).toString('hex') === signature ? null : 'SignatureDoesNotMatch';
}

// An authority and a certificate for an address that it signed.
function makeCertificate(folder, host) {
  const at = (name) => path.join(folder, name);
  const run = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  run('req', '-x509', ...made, '-subj', '/CN=store authority', '-keyout', at('ca.key'), '-out', at('ca.pem'));
  run('req', '-x509', ...made, '-subj', '/CN=store', '-addext', `subjectAltName=IP:${host}`, '-addext', 'basicConstraints=critical,CA:FALSE',
    '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-keyout', at('store.key'), '-out', at('store.pem'));
  return { ca: at('ca.pem'), cert: fs.readFileSync(at('store.pem')), key: fs.readFileSync(at('store.key')) };
}

const bodyOf = async (stream) => {
  const pieces = [];
  let size = 0;
  for await (const piece of stream) {
    size += piece.length;
    if (size > BODY_BYTES_MAX) throw new Error('a body without end');
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
};

export class ObjectServer {
  // keys: {id, secret, allows(request)}, whom it serves; each may be limited, as a bucket's policy does it.
  static async start({ folder, bucket, region = 'us-east-1', keys, host = '127.0.0.1' }) {
    fs.mkdirSync(folder, { recursive: true });
    const server = new ObjectServer();
    const [port, backendPort] = await freePorts(2);
    Object.assign(server, { folder, bucket, region, keys, host, port, backendPort, seen: [], hook: null });
    Object.assign(server, { certificate: makeCertificate(folder, host), data: path.join(folder, 'data') });
    server.backend = new S3rver({ port: backendPort, address: '127.0.0.1', silent: true, directory: server.data, configureBuckets: [{ name: bucket }] });
    await server.backend.run();
    await server.goOn();
    return server;
  }

  get url() {
    return `https://${this.host}:${this.port}`;
  }

  // What a service is told of it.
  settings(key) {
    return {
      SECURE_MAIL_OBJECTS: 's3',
      SECURE_MAIL_S3_ENDPOINT: this.url,
      SECURE_MAIL_S3_REGION: this.region,
      SECURE_MAIL_S3_BUCKET: this.bucket,
      SECURE_MAIL_S3_KEY_ID: key.id,
      SECURE_MAIL_S3_SECRET_FILE: this.secretFile(key),
      SECURE_MAIL_S3_CA_FILE: this.certificate.ca,
    };
  }

  secretFile(key) {
    const file = path.join(this.folder, `${key.id}.secret`);
    fs.writeFileSync(file, `${key.secret}\n`, { mode: 0o600 });
    return file;
  }

  // --- down and up ----------------------------------------------------------------------------------

  async goOn() {
    this.front = https.createServer(this.certificate, (request, response) => this.answer(request, response).catch(() => response.destroy()));
    await new Promise((resolve, reject) => this.front.once('error', reject).listen(this.port, this.host, resolve));
  }

  async goDown() {
    const closed = new Promise((resolve) => this.front.close(resolve));
    this.front.closeAllConnections();
    await closed;
  }

  async close() {
    await this.goDown().catch(() => {});
    await this.backend.close();
  }

  // --- requests -------------------------------------------------------------------------------------

  async answer(request, response) {
    const asked = { method: request.method, url: request.url, headers: request.headers, body: await bodyOf(request) };
    const key = this.keys.find(({ id }) => asked.headers.authorization?.includes(`Credential=${id}/`)) ?? this.keys[0];
    const isAllowed = key.allows?.(asked) ?? true;
    const refusal = refusalOf(asked, { ...key, region: this.region }) ?? (isAllowed ? null : 'AccessDenied');
    this.seen.push({ key: key.id, method: asked.method, url: asked.url, size: asked.body.length, refusal });
    const status = await this.hook?.(asked);
    if (status || refusal) return refuse(response, status ?? 403, refusal ?? 'InternalError');
    return this.pass(asked, response);
  }

  // To s3rver, in its own name: it knows no other.
  async pass({ method, url, headers, body }, response) {
    const { host, authorization, ...rest } = headers;
    const given = { ...rest, authorization: authorization.replace(/Credential=[^/]+/, `Credential=${BACKEND.id}`) };
    const answered = await new Promise((resolve, reject) =>
      http.request({ host: '127.0.0.1', port: this.backendPort, method, path: url, headers: given }, resolve).once('error', reject).end(body));
    response.writeHead(answered.statusCode, answered.headers);
    answered.pipe(response);
  }

  // --- what lies in it ------------------------------------------------------------------------------

  // The keys of all objects, as they lie on its disk.
  objects() {
    const end = '._S3rver_object';
    const root = path.join(this.data, this.bucket);
    return allUnder(root).filter((name) => name.endsWith(end)).map((name) => name.slice(0, -end.length)).sort();
  }
}

function refuse(response, status, code) {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>no</Message></Error>`;
  response.writeHead(status, { 'Content-Type': 'application/xml', 'Content-Length': text.length });
  response.end(text);
}
