// One attachment of a draft: sealed while it is sent; paused, resumed, taken back. After a failure that
// can pass it goes on where the server is, by itself once the device has a network again.

import type { Bytes } from '../envelope/bytes';
import { contextOf, ciphertextSize, Sealer, sealStream } from '../envelope/chunked';
import { Digest } from '../envelope/digest';
import { type Attachment, isMediaType } from '../envelope/manifest';
import { blocksOf } from './blocks';
import { Failure, hasWord, isAbort } from './failure';
import { fileNameOf } from './file_name';
import type { Where } from './http';
import { whenOnline } from './network';
import { PartSender } from './upload';

export type OutgoingState = 'waiting' | 'sending' | 'paused' | 'sent' | 'failed' | 'removed';

/** What every part of one message shares. */
export interface Sealing {
  where: Where;
  organisation: string;
  message: string;
  direction: number;
  key: Uint8Array;
  capability: string;
  /** As PartUpload's. */
  onPlace: (url: string) => void;
  /** One that failed waits for its turn again. */
  onWaiting: () => void;
}

/** One sealing of the file, under a salt of its own, and how far it is on its way. */
interface Sealed {
  sender: PartSender;
  /** Of all its bytes, once `sender` is done. */
  facts: () => Promise<Attachment>;
}

/** Begun anew from the first byte at most so often, when the server lost what it had. */
const STARTS_MAX = 3;

export class Outgoing {
  state: OutgoingState = 'waiting';
  /** Bytes of the sealed part that the server has. */
  sentBytes = 0;
  failure: Failure | null = null;
  /** The connection was lost while it is 'sending'; it goes on by itself. */
  isWaiting = false;
  /** For the manifest, once it is sent. */
  facts: Attachment | null = null;
  readonly name: string;
  readonly totalBytes: number;
  private sealed: Sealed | null = null;
  private running: Promise<void> | null = null;
  private stopWaiting = (): void => {};

  constructor(
    readonly file: File,
    public part: number,
    private readonly sealing: Sealing,
    private readonly onChange: () => void,
  ) {
    this.name = fileNameOf(file.name);
    this.totalBytes = ciphertextSize(file.size);
  }

  /** Ends when it is sent, has failed, or was removed: `state` says which. A paused one waits. */
  run(): Promise<void> {
    this.running ??= this.work().finally(() => (this.running = null));
    return this.running;
  }

  pause(): void {
    if (this.state !== 'sending') return;
    this.sealed?.sender.pause();
    this.become('paused');
  }

  /** Goes on where the server is, after a pause or a failure. */
  resume(): void {
    if (this.state === 'paused') {
      this.become('sending');
      this.sealed?.sender.start();
    } else if (this.state === 'failed') {
      this.become('waiting');
      this.sealing.onWaiting();
    }
  }

  async remove(): Promise<void> {
    this.become('removed');
    this.stopWaiting();
    await this.sealed?.sender.takeBack();
  }

  /** The same file under another number: what was sent is bound to the old one, so it goes again. */
  async renumber(part: number): Promise<void> {
    const taken = this.takeBack();
    this.part = part; // before anything else can have it sealed again
    this.facts = null;
    await taken;
    this.become('waiting');
    await this.run();
  }

  private async takeBack(): Promise<void> {
    const { sealed } = this;
    this.stopWaiting();
    this.sealed = null;
    this.sentBytes = 0;
    this.isWaiting = false;
    await sealed?.sender.takeBack();
  }

  private is(state: OutgoingState): boolean {
    return this.state === state;
  }

  private become(state: OutgoingState): void {
    if (this.state === 'removed') return;
    this.state = state;
    this.onChange();
  }

  private async work(): Promise<void> {
    this.stopWaiting();
    this.failure = null;
    for (let start = 1; this.state !== 'removed'; start++) {
      this.become('sending');
      try {
        this.facts = await this.sendOn();
        return this.become('sent');
      } catch (error) {
        if (isAbort(error)) return;
        if (this.sealed?.sender.canGoOn) return this.fail(error);
        const taken = this.takeBack();
        if (!hasWord(error, 'conflict', 'not-found') || start >= STARTS_MAX) return this.fail(error);
        await taken;
      }
    }
  }

  private fail(error: unknown): void {
    this.failure = error instanceof Failure ? error : new Failure('io');
    if (this.failure.isOffline) this.stopWaiting = whenOnline(() => this.resume());
    this.become('failed');
  }

  /** The sealing that was begun, if one can still go on: it is never sealed twice under one salt. */
  private async sendOn(): Promise<Attachment> {
    const sealed = (this.sealed ??= await this.seal());
    if (this.is('removed')) await sealed.sender.takeBack();
    if (this.is('sending')) sealed.sender.start(); // else it was paused before there was anything to pause
    await sealed.sender.done;
    return sealed.facts();
  }

  private async seal(): Promise<Sealed> {
    const { where, organisation, message, direction, key, capability, onPlace } = this.sealing;
    const { part } = this;
    const sealer = await Sealer.start(key, contextOf({ organisation, message, direction, part }));
    const digest = new Digest(this.totalBytes);
    const sender = new PartSender(where, {
      part,
      size: this.totalBytes,
      sealed: digested(sealStream(sealer, blocksOf(this.file)), digest),
      capability,
      onPlace,
      onProgress: (bytes) => {
        this.sentBytes = bytes;
        this.onChange();
      },
      onWaiting: (isWaiting) => {
        this.isWaiting = isWaiting;
        this.onChange();
      },
    });
    const facts = async (): Promise<Attachment> => ({
      part,
      name: this.name,
      media_type: isMediaType(this.file.type) ? this.file.type : 'application/octet-stream',
      size: this.file.size,
      ciphertext_size: this.totalBytes,
      commitment: sealer.commitment,
      sha256: await digest.finish(),
    });
    return { sender, facts };
  }
}

async function* digested(sealed: AsyncIterable<Bytes>, digest: Digest): AsyncGenerator<Bytes> {
  for await (const block of sealed) {
    digest.add(block);
    yield block;
  }
}
