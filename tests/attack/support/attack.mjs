// What the attacks share: the pages' own client in an attacker's hands, frames caught on their way, and
// what the services wrote in their logs.

import assert from 'node:assert/strict';
import fs from 'node:fs';

import * as act from '../../system/support/actions.mjs';
import { until } from '../../system/support/world.mjs';
import { load } from '../../web/support/load.mjs';
import { fakeTab, fakeXhr, fetchOf } from '../../web/support/person.mjs';

export const PASSWORD = 'correct-horse';

const MODULES = ['web/client/office.ts', 'web/client/visit.ts', 'web/client/server.ts', 'web/client/failure.ts', 'web/client/file_name.ts', 'web/envelope/link.ts',
  'web/envelope/sealed.ts', 'web/envelope/chunked.ts', 'web/protocol/protocol.ts', 'web/protocol/codec.ts'];
let loaded = null;

/** The modules of the pages, and a tab that nobody has used. */
export async function client() {
  fakeTab();
  fakeXhr();
  return (loaded ??= await load(...MODULES));
}

export const where = (world, between) => ({ base: world.stack.url, fetch: fetchOf(between ? { between } : {}) });

/** A message to one address, and its link. */
export async function mailed(world, address, options = {}) {
  const sent = await act.send(world, { to: address, password: PASSWORD, ...options });
  return { message: sent.message, link: await act.linkOf(world, address), address };
}

export async function visit(world, link, between) {
  const web = await client();
  return web.Visit.open(web.parseLink(new URL(link).hash), where(world, between));
}

export async function office(world, home = 'sender', between) {
  const web = await client();
  const made = await web.Office.open(where(world, between));
  await made.signIn(world.people[home].email, `password-of-${home}`);
  return made;
}

const isSealedCall = (url, operation) => url.includes('/api/v1/sealed/') && (!operation || url.endsWith(`/${operation}`));

/**
 * Does `work` with a fetch whose sealed call of `operation` is caught and never arrives; gives the frame.
 * work(between) makes the call, and fails for want of an answer.
 */
export async function caught(operation, work) {
  let frame = null;
  const between = (url, init, go) => {
    if (!isSealedCall(url, operation)) return go();
    frame = new Uint8Array(init.body);
    throw new TypeError('caught');
  };
  await work(between).catch(() => {});
  assert.ok(frame, `${operation} was caught`);
  return frame;
}

/** Hears the frame of `operation` while it passes: between.frame. */
export function overhear(operation) {
  const between = async (url, init, go) => {
    if (isSealedCall(url, operation)) between.frame = new Uint8Array(init.body);
    const answer = await go();
    if (isSealedCall(url, operation)) between.reply = new Uint8Array(await answer.clone().arrayBuffer());
    return answer;
  };
  return between;
}

export const isFailure = (...words) => (error) => error.name === 'Failure' && words.includes(error.word);

/** The word of a promise's Failure; 'ok' when it kept. */
export const outcomeOf = (promise) => promise.then(() => 'ok', (error) => {
  if (error.name !== 'Failure') throw error;
  return error.word;
});

/** The word of an error number. */
export async function wordOf(number) {
  return (await client()).ERRORS[Number(number)];
}

// --- what was written down ---

/** Log lines of a service from now on: logged(match) waits for one whose members are these, all(match, count) for so many. */
export function listen(world, service) {
  const from = fs.statSync(world.stack.path('log', `${service}.log`)).size;
  const lines = () => world.stack.logSince(service, from).trim().split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
  const fits = (line, wanted) => Object.entries(wanted).every(([name, value]) => line[name] === value);
  const all = (wanted) => lines().filter((line) => fits(line, wanted));
  return {
    lines,
    all: (wanted, count) => until(`${count} times ${JSON.stringify(wanted)} in the log of ${service}`, () => all(wanted).length >= count && all(wanted)),
    logged: (wanted) => until(`${JSON.stringify(wanted)} in the log of ${service}`, () => lines().find((line) => fits(line, wanted))),
  };
}

/** Waits for an entry of the organisation's log that is as `wanted`. */
export const entry = (world, wanted) =>
  until(`${JSON.stringify(wanted)} in the organisation's log`, async () =>
    (await act.log(world)).find((each) => Object.entries(wanted).every(([name, value]) => each[name] === value)));

export const countOf = async (world, message, kind) => act.kindsOf(await act.log(world), message).filter((each) => each === kind).length;

/** Every row of these tables as one text: what must not change. */
export const stateOf = (world, ...tables) =>
  JSON.stringify(tables.map((table) => world.sql(`SELECT each::text FROM ${table} AS each ORDER BY 1`)));

/** Kilobytes that a service has in memory now. */
export function residentKib(world, service) {
  const status = fs.readFileSync(`/proc/${world.stack.running.get(service).process.pid}/status`, 'utf8');
  return Number(status.match(/VmRSS:\s+(\d+)/)[1]);
}

export const flip = (bytes, at, bit = 1) => {
  const altered = new Uint8Array(bytes);
  altered[at] ^= bit;
  return altered;
};

/** A sealed call whose plaintext is made by hand: content in any form, or bytes. {word, facts}: the failure's. */
export async function rawCall(server, operation, content) {
  const web = await client();
  const { encode, decode } = await import('@msgpack/msgpack');
  const meta = { request: crypto.getRandomValues(new Uint8Array(16)), time_token: server.keys.time_token };
  const plaintext = content instanceof Uint8Array ? content : encode({ meta, ...content });
  const { frame, exchange } = await web.sealRequest(server.keys.hpke_public, { operation, aad: encode({ message: new Uint8Array(16), parts: 0 }), plaintext });
  const answer = await fetch(`${server.where.base}/api/v1/sealed/${operation}`, { method: 'POST', headers: { 'Content-Type': 'application/octet-stream' }, body: frame });
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (answer.headers.get('Content-Type') !== 'application/octet-stream') return { word: JSON.parse(Buffer.from(bytes)).error, status: answer.status };
  const opened = await exchange.open(bytes);
  return { word: web.ERRORS[opened[0]], facts: decode(opened.subarray(1)), status: answer.status, size: bytes.length, headers: answer.headers };
}

export const bytesOf = (hex) => new Uint8Array(Buffer.from(hex, 'hex'));
