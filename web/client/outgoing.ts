// One attachment of a draft: sealed while it is sent; paused, resumed, taken back.

import type { Bytes } from '../envelope/bytes';
import { contextOf, ciphertextSize, Sealer, sealStream } from '../envelope/chunked';
import { Digest } from '../envelope/digest';
import { type Attachment, isMediaType } from '../envelope/manifest';
import { blocksOf } from './blocks';
import { Failure, hasWord, isAbort } from './failure';
import { fileNameOf } from './file_name';
import type { Where } from './http';
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
}

/** Begun anew from the first byte at most so often, when the server lost what it had. */
const STARTS_MAX = 3;

export class Outgoing {
  state: OutgoingState = 'waiting';
  /** Bytes of the sealed part that the server has. */
  sentBytes = 0;
  failure: Failure | null = null;
  /** For the manifest, once it is sent. */
  facts: Attachment | null = null;
  readonly name: string;
  readonly totalBytes: number;
  private sender: PartSender | null = null;
  private running: Promise<void> | null = null;

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
    this.sender?.pause();
    this.become('paused');
  }

  resume(): void {
    if (this.state === 'paused') {
      this.become('sending');
      this.sender?.start();
    } else if (this.state === 'failed') {
      void this.run();
    }
  }

  async remove(): Promise<void> {
    this.become('removed');
    await this.sender?.takeBack();
  }

  /** The same file under another number: what was sent is bound to the old one, so it goes again. */
  async renumber(part: number): Promise<void> {
    await this.sender?.takeBack();
    this.part = part;
    this.facts = null;
    this.sentBytes = 0;
    this.become('waiting');
    await this.run();
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
    this.failure = null;
    for (let start = 1; this.state !== 'removed'; start++) {
      this.become('sending');
      try {
        this.facts = await this.sendOnce();
        return this.become('sent');
      } catch (error) {
        if (isAbort(error)) return;
        if (hasWord(error, 'conflict', 'not-found') && start < STARTS_MAX) {
          await this.sender?.takeBack();
          continue;
        }
        this.failure = error instanceof Failure ? error : new Failure('io');
        return this.become('failed');
      }
    }
  }

  private async sendOnce(): Promise<Attachment> {
    const { where, key, capability, onPlace, ...place } = this.sealing;
    const sealer = await Sealer.start(key, contextOf({ ...place, part: this.part }));
    const digest = new Digest(this.totalBytes);
    this.sender = new PartSender(where, {
      part: this.part,
      size: this.totalBytes,
      sealed: digested(sealStream(sealer, blocksOf(this.file)), digest),
      capability,
      onPlace,
      onProgress: (bytes) => {
        this.sentBytes = bytes;
        this.onChange();
      },
    });
    if (this.is('removed')) await this.sender.takeBack();
    if (this.is('sending')) this.sender.start(); // else it was paused before there was anything to pause
    await this.sender.done;
    return {
      part: this.part,
      name: this.name,
      media_type: isMediaType(this.file.type) ? this.file.type : 'application/octet-stream',
      size: this.file.size,
      ciphertext_size: this.totalBytes,
      commitment: sealer.commitment,
      sha256: await digest.finish(),
    };
  }
}

async function* digested(sealed: AsyncIterable<Bytes>, digest: Digest): AsyncGenerator<Bytes> {
  for await (const block of sealed) {
    digest.add(block);
    yield block;
  }
}
