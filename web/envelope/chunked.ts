// A stream of any size sealed in chunks, c2sp.org/chunked-encryption with AES-256-GCM and HKDF-Expand
// SHA-512; the form, its rules and the places stand in lib/envelope/chunked.h.
//
// Memory is flat: one chunk is held, and what a call is given and gives. Whole chunks of one call go
// through WebCrypto together, which is what makes 16 KiB chunks fast.

import { Aead, NONCE_BYTES, TAG_BYTES, noAad } from './aead';
import { type Bytes, Tampered, bigEndian, concat, equal, fromHex, owned, random, utf8 } from './bytes';
import { expandSha512 } from './kdf';

export const CHUNK_BYTES = 16 * 1024;
export const SALT_BYTES = 24;
export const COMMITMENT_BYTES = 32;
export const HEAD_BYTES = SALT_BYTES + COMMITMENT_BYTES;
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
const KEY_BYTES = 32;
const INFO_PREFIX = 'c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0';

/** Exact size of the sealed stream. */
export function ciphertextSize(plaintext: number): number {
  return HEAD_BYTES + plaintext + TAG_BYTES * (Math.floor(plaintext / CHUNK_BYTES) + 1);
}

/** Where a stream belongs; it opens nowhere else. */
export interface Place {
  organisation: string;
  message: string;
  /** 0 the header part, 1.. the attachments */
  part: number;
  /** 0 message, 1 reply */
  direction: number;
}

export function contextOf(place: Place): Bytes {
  const fields = [
    utf8('securemail/1'),
    fromHex(place.organisation),
    fromHex(place.message),
    bigEndian(place.part, 4),
    utf8(place.direction === 1 ? 'reply' : 'message'),
  ];
  return concat(...fields.flatMap((field) => [bigEndian(field.length, 2), field]));
}

// --- what both directions share ---

interface Keyed {
  aead: Aead;
  baseNonce: Bytes;
  commitment: Bytes;
}

async function keyed(key: Uint8Array, salt: Uint8Array, context: Uint8Array): Promise<Keyed> {
  const derived = await expandSha512(key, concat(utf8(INFO_PREFIX), salt, context), KEY_BYTES + NONCE_BYTES + COMMITMENT_BYTES);
  return {
    aead: await Aead.of(derived.subarray(0, KEY_BYTES)),
    baseNonce: derived.slice(KEY_BYTES, KEY_BYTES + NONCE_BYTES),
    commitment: derived.slice(KEY_BYTES + NONCE_BYTES),
  };
}

function nonceOf(stream: Keyed, chunk: number): Bytes {
  const counter = bigEndian(chunk, NONCE_BYTES);
  return stream.baseNonce.map((byte, i) => byte ^ counter[i]!);
}

/**
 * Gathers bytes into whole chunks of one size; what is left waits for more. Chunks are views of what was
 * given where they can be: use them before it changes (WebCrypto takes its copy when it is called).
 */
class Gatherer {
  private held: Bytes = new Uint8Array(0);

  constructor(private readonly size: number) {}

  take(bytes: Uint8Array): Bytes[] {
    const all = owned(bytes);
    const chunks: Bytes[] = [];
    let at = this.held.length ? this.size - this.held.length : 0;
    if (at > all.length) {
      this.held = concat(this.held, all);
      return chunks;
    }
    if (at) chunks.push(concat(this.held, all.subarray(0, at)));
    for (; at + this.size <= all.length; at += this.size) chunks.push(all.subarray(at, at + this.size));
    this.held = all.slice(at);
    return chunks;
  }

  rest(): Bytes {
    return this.held;
  }
}

// --- sealing ---

export class Sealer {
  private readonly gatherer = new Gatherer(CHUNK_BYTES);
  private next = 0;
  private isHeadOut = false;
  private isDone = false;

  private constructor(
    private readonly stream: Keyed,
    private readonly salt: Bytes,
  ) {}

  /** The salt is random; only the vectors and tests give one. */
  static async start(key: Uint8Array, context: Uint8Array, salt: Bytes = random(SALT_BYTES)): Promise<Sealer> {
    if (key.length !== KEY_BYTES) throw new RangeError('the key must have 32 bytes');
    return new Sealer(await keyed(key, salt, context), salt);
  }

  get commitment(): Bytes {
    return this.stream.commitment;
  }

  /** What became whole of it, the head first. One call at a time. */
  async push(plaintext: Uint8Array): Promise<Bytes> {
    if (this.isDone) throw new Error('the stream is finished');
    const sealed = await Promise.all(this.gatherer.take(plaintext).map((chunk) => this.seal(chunk)));
    return concat(this.head(), ...sealed);
  }

  /** The last chunk; once. */
  async finish(): Promise<Bytes> {
    if (this.isDone) throw new Error('the stream is finished');
    this.isDone = true;
    return concat(this.head(), await this.seal(this.gatherer.rest()));
  }

  private head(): Bytes {
    if (this.isHeadOut) return new Uint8Array(0);
    this.isHeadOut = true;
    return concat(this.salt, this.commitment);
  }

  private seal(chunk: Bytes): Promise<Bytes> {
    return this.stream.aead.seal(nonceOf(this.stream, this.next++), noAad, chunk);
  }
}

// --- opening ---

export class Opener {
  private readonly gatherer = new Gatherer(SEALED_CHUNK_BYTES);
  private early: Bytes = new Uint8Array(0);
  private stream: Keyed | null = null;
  private next = 0;
  private isDead = false;
  private whole = false;

  constructor(
    private readonly key: Uint8Array,
    private readonly context: Uint8Array,
  ) {
    if (key.length !== KEY_BYTES) throw new RangeError('the key must have 32 bytes');
  }

  /** Only now may anything of the stream be shown or saved: the last chunk has verified. */
  get isWhole(): boolean {
    return this.whole;
  }

  /** Of the stream's head, once it was right. */
  get commitment(): Bytes | null {
    return this.isDead ? null : (this.stream?.commitment ?? null);
  }

  /** The plaintext of the chunks that verified; Tampered at the first that does not, and ever after. */
  async push(ciphertext: Uint8Array): Promise<Bytes> {
    return this.guarded(async () => {
      const body = this.stream ? ciphertext : await this.readHead(ciphertext);
      if (!this.stream) return new Uint8Array(0);
      const chunks = this.gatherer.take(body);
      return concat(...(await Promise.all(chunks.map((chunk) => this.open(chunk)))));
    });
  }

  /** The stream ended: the last chunk, or Tampered when it was cut or is wrong. */
  async finish(): Promise<Bytes> {
    return this.guarded(async () => {
      const last = await this.open(this.gatherer.rest());
      this.whole = true;
      return last;
    });
  }

  private async guarded(work: () => Promise<Bytes>): Promise<Bytes> {
    if (this.isDead || this.whole) throw new Tampered('the stream has ended');
    try {
      return await work();
    } catch (error) {
      this.isDead = true;
      throw error;
    }
  }

  /** Gathers the head, compares the commitment, and gives what lies behind it. */
  private async readHead(ciphertext: Uint8Array): Promise<Bytes> {
    const all = concat(this.early, ciphertext);
    this.early = all;
    if (all.length < HEAD_BYTES) return all;
    const stream = await keyed(this.key, all.slice(0, SALT_BYTES), this.context);
    if (!equal(stream.commitment, all.subarray(SALT_BYTES, HEAD_BYTES))) throw new Tampered('not this key or place');
    this.stream = stream;
    this.early = new Uint8Array(0);
    return all.slice(HEAD_BYTES);
  }

  private open(chunk: Bytes): Promise<Bytes> {
    if (!this.stream) throw new Tampered('the stream is cut');
    return this.stream.aead.open(nonceOf(this.stream, this.next++), noAad, chunk);
  }
}

// --- streams ---

export type Source = AsyncIterable<Uint8Array>;
export type Progress = (bytes: number) => void;

/** The sealed stream of a plaintext stream; `onProgress` hears how much plaintext is sealed. */
export async function* sealStream(sealer: Sealer, plaintext: Source, onProgress?: Progress): AsyncGenerator<Bytes> {
  let done = 0;
  for await (const block of plaintext) {
    const sealed = await sealer.push(block);
    done += block.length;
    if (sealed.length) yield sealed;
    onProgress?.(done);
  }
  yield await sealer.finish();
}

/**
 * The plaintext, block by block. It is genuine but not whole until the generator has ended by itself:
 * a caller keeps it to himself until then.
 */
export async function* openStream(opener: Opener, ciphertext: Source, onProgress?: Progress): AsyncGenerator<Bytes> {
  let done = 0;
  for await (const block of ciphertext) {
    const opened = await opener.push(block);
    done += block.length;
    if (opened.length) yield opened;
    onProgress?.(done);
  }
  yield await opener.finish();
}

/** A stream of one block. */
export async function* once<Block extends Uint8Array>(bytes: Block): AsyncGenerator<Block> {
  yield bytes;
}

async function gathered(stream: AsyncIterable<Bytes>): Promise<Bytes> {
  const blocks: Bytes[] = [];
  for await (const block of stream) blocks.push(block);
  return concat(...blocks);
}

/** Whole streams in memory: for header parts. */
export async function seal(key: Uint8Array, context: Uint8Array, plaintext: Uint8Array): Promise<Bytes> {
  return gathered(sealStream(await Sealer.start(key, context), once(plaintext)));
}

export async function open(key: Uint8Array, context: Uint8Array, ciphertext: Uint8Array): Promise<Bytes> {
  return gathered(openStream(new Opener(key, context), once(ciphertext)));
}
