// The server as an object: its keys, checked against the pin, and sealed calls.

import { type Bytes, Tampered, equal } from '../envelope/bytes';
import { identityPin, verifyIdentity } from '../envelope/identity';
import { type Exchange, sealRequest } from '../envelope/sealed';
import { decode, decodeJson, encode } from '../protocol/codec';
import type { Fields } from '../protocol/fields';
import {
  ERRORS,
  type Id,
  type KeysReply,
  OPERATIONS,
  type OperationName,
  type Operations,
  type SealedAad,
  failure,
  keys_reply,
  sealed_aad,
} from '../protocol/protocol';
import { Failure, failureOf, hasWord } from './failure';
import { type Where, isType, pause, persistently, refusal, request } from './http';
import { randomId } from './ids';

/** A time token lives 15 minutes: fetch another well before. */
const KEYS_GOOD_MS = 5 * 60 * 1000;
const REPEAT_AFTER_MS = [500, 2_000, 5_000];

/**
 * Asked again when the answer was lost: acting on them twice has the effect of once. Not here are
 * those where a second try costs the person something: an attempt, a code, another mail.
 */
const REPEATABLE: ReadonlySet<OperationName> = new Set([
  'renew', 'logout', 'leave', 'status', 'rotation_begin', 'rotation_step', 'compose', 'send', 'subjects', 'read', 'revoke', 'delete', 'unlock',
  'audit_access', 'checkpoint_mail', 'organisation', 'totp_begin', 'hello', 'open', 'thread', 'open_message', 'reply_compose', 'reply',
]);

export type RequestOf<Name extends OperationName> = Omit<Operations[Name]['request'], 'meta'>;
export type ReplyOf<Name extends OperationName> = Operations[Name]['reply'];

const NO_PARTS: SealedAad = { message: '', parts: 0 };

export interface ServerOptions extends Partial<Where> {
  /** Of the link, or remembered from the first sign-in. Without it the first key seen is believed. */
  pin?: Uint8Array | undefined;
}

export class Server {
  private keys!: KeysReply;
  private fetched = { monotonic: 0, wall: 0 };
  private pinned: Bytes | null;

  private constructor(
    readonly where: Where,
    pin: Uint8Array | undefined,
  ) {
    this.pinned = pin ? pin.slice() as Bytes : null;
  }

  /** Fetches and checks the keys: Failure('tampered') when they are not those of the pin. */
  static async open(options: ServerOptions = {}): Promise<Server> {
    const where = { base: options.base ?? '', fetch: options.fetch ?? fetch.bind(globalThis) };
    const server = new Server(where, options.pin);
    await server.refresh();
    return server;
  }

  /** Of the identity key that this server has proven to have. */
  get pin(): Bytes {
    return this.pinned!;
  }

  /** The server's clock now, as well as this page can know it. */
  nowMs(): number {
    return this.keys.now_ms + this.ageMs();
  }

  /** Of the keys. One clock may stand still while a lid is closed, the other may be set back. */
  private ageMs(): number {
    return Math.max(performance.now() - this.fetched.monotonic, Date.now() - this.fetched.wall);
  }

  private async refresh(): Promise<void> {
    const isLost = (error: unknown): boolean => hasWord(error, 'unavailable') && error.isOffline;
    const keys = await persistently(() => this.getJson('/api/v1/keys', keys_reply), isLost);
    try {
      await this.accept(keys);
    } catch (error) {
      if (!(error instanceof Tampered)) throw error;
      throw new Failure('tampered', { reason: error.message });
    }
  }

  private async accept(keys: KeysReply): Promise<void> {
    const pin = await identityPin(keys.identity_public);
    if (this.pinned && !equal(pin, this.pinned)) throw new Tampered('the server does not have the key that it should have');
    await verifyIdentity(keys.identity_public, keys);
    this.pinned = pin;
    this.keys = keys;
    this.fetched = { monotonic: performance.now(), wall: Date.now() };
  }

  /** An answer of the gateway's own, read by a table. */
  async getJson<T>(path: string, fields: Fields<T>, headers: Record<string, string> = {}): Promise<T> {
    return (await this.getTagged(path, fields, headers)).value!;
  }

  /** The same with its tag. `known` is the tag of an answer that is here already: value null where that is still so. */
  async getTagged<T>(path: string, fields: Fields<T>, headers: Record<string, string>, known = ''): Promise<{ value: T | null; tag: string }> {
    const more = known ? { 'If-None-Match': known } : {};
    const response = await request(this.where, path, { headers: { 'Secure-Mail-Request': '1', ...headers, ...more } });
    if (known && response.status === 304) return { value: null, tag: known };
    if (response.status !== 200 || !isType(response, 'application/json')) throw await refusal(response);
    return { value: decodeJson(fields, await response.json()), tag: response.headers.get('ETag') ?? '' };
  }

  /**
   * One sealed call. Throws Failure; Failure('tampered') when the reply is not crypto's. Parts are
   * named where the operation carries them.
   */
  async call<Name extends OperationName>(
    name: Name,
    content: RequestOf<Name>,
    parts: SealedAad = NO_PARTS,
  ): Promise<ReplyOf<Name>> {
    const delays = REPEATABLE.has(name) ? REPEAT_AFTER_MS : [];
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.callFresh(name, content, parts);
      } catch (error) {
        const isLost = hasWord(error, 'unavailable', 'timeout', 'not-active');
        if (!isLost || attempt >= delays.length) throw error;
        await pause(Math.max(delays[attempt]!, Math.min(error.retryAfterS, 10) * 1000));
      }
    }
  }

  /** With keys that are good: another key or an old time token was refused before any effect. */
  private async callFresh<Name extends OperationName>(
    name: Name,
    content: RequestOf<Name>,
    parts: SealedAad,
  ): Promise<ReplyOf<Name>> {
    if (this.ageMs() > KEYS_GOOD_MS) await this.refresh();
    try {
      return await this.callOnce(name, content, parts);
    } catch (error) {
      if (!hasWord(error, 'key-unknown')) throw error;
      await this.refresh();
      return this.callOnce(name, content, parts);
    }
  }

  private async callOnce<Name extends OperationName>(
    name: Name,
    content: RequestOf<Name>,
    parts: SealedAad,
  ): Promise<ReplyOf<Name>> {
    const operation = OPERATIONS[name];
    const meta = { request: randomId(), time_token: this.keys.time_token };
    const { frame, exchange } = await sealRequest(this.keys.hpke_public, {
      operation: name,
      aad: encode(sealed_aad, parts),
      plaintext: encode(operation.request as Fields<unknown>, { meta, ...content }),
    });
    const response = await request(this.where, `/api/v1/sealed/${name}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: frame,
    });
    if (!isType(response, 'application/octet-stream')) throw await refusal(response);
    return this.openReply(name, exchange, await bodyOf(response));
  }

  private async openReply<Name extends OperationName>(
    name: Name,
    exchange: Exchange,
    frame: Uint8Array,
  ): Promise<ReplyOf<Name>> {
    try {
      const plaintext = await exchange.open(frame);
      const word = ERRORS[plaintext[0] ?? ERRORS.length];
      if (!word) throw new Tampered('an outcome that is not known');
      const body = plaintext.subarray(1);
      if (word !== 'ok') throw failureOf(word, decode(failure, body));
      return decode(OPERATIONS[name].reply as Fields<ReplyOf<Name>>, body);
    } catch (error) {
      if (!(error instanceof Tampered)) throw error;
      throw new Failure('tampered', { reason: error.message });
    }
  }
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    throw new Failure('unavailable', { isOffline: true });
  }
}

export function partsOf(message: Id, parts: readonly unknown[]): SealedAad {
  return { message, parts: parts.length };
}
