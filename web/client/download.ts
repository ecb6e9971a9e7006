// One sealed part on its way from the server: goes on where it broke off, opens while it comes, and
// gives nothing before all of it has verified.

import { contextOf, openStream, Opener, type Place } from '../envelope/chunked';
import { Tampered, concat } from '../envelope/bytes';
import { Digest } from '../envelope/digest';
import { type Attachment, checkAttachment } from '../envelope/manifest';
import type { ContentReply } from '../protocol/protocol';
import { ahead } from './ahead';
import { streamed } from './blocks';
import { Failure, hasWord, unlessCancelled } from './failure';
import { type Where, pause, refusal, request } from './http';
import { isOffline } from './network';

/** Tries without any progress; each byte that arrives starts the count anew, and may have the capability renewed again. */
const TRIES = 12;
const LONGEST_PAUSE_MS = 15_000;
/** Opened bytes are handed to the browser's own store in pieces of this size. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** So much may have come before it is opened. */
const AHEAD_BYTES = 1024 * 1024;

export interface DownloadOptions {
  onProgress?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What was released, and how to have it released again when its capability has ended. */
export interface Access {
  content: ContentReply;
  renew: () => Promise<ContentReply>;
}

export function placeOf(content: ContentReply, part: number): Place {
  return { organisation: content.organisation, message: content.message, part, direction: content.direction };
}

async function ask(where: Where, access: Access, part: number, from: number, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { 'Secure-Mail-Capability': access.content.capability };
  if (from) headers['Range'] = `bytes=${from}-`;
  const path = `/api/v1/messages/${access.content.message}/parts/${part}`;
  const response = await request(where, path, signal ? { headers, signal } : { headers });
  if (response.status !== (from ? 206 : 200)) throw await refusal(response);
  return response;
}

/** The ciphertext of a part, exactly `size` bytes, over as many connections as it takes. */
export async function* partBytes(
  where: Where,
  access: Access,
  part: number,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  let hasRenewed = false;
  for (let tries = 0; done < size; tries++) {
    if (tries) await pause(Math.min(500 * 2 ** (tries - 1), LONGEST_PAUSE_MS), signal);
    if (isOffline()) tries = Math.min(tries, 1);
    try {
      for await (const block of streamed((await ask(where, access, part, done, signal)).body!)) {
        if (block.length > size - done) throw new Tampered('the server has more than the sender sent');
        done += block.length;
        tries = 0;
        hasRenewed = false;
        yield block;
      }
    } catch (error) {
      unlessCancelled(signal);
      if (error instanceof Tampered) throw error;
      if (hasWord(error, 'not-signed-in') && !hasRenewed) {
        hasRenewed = true;
        access.content = await access.renew();
        continue;
      }
      const isPassing = !(error instanceof Failure) || hasWord(error, 'unavailable', 'timeout', 'busy', 'not-active', 'rate-limited');
      if (!isPassing || tries + 1 >= TRIES) throw error instanceof Failure ? error : new Failure('unavailable', { isOffline: true });
    }
  }
}

/** What came while the last of it was opened, in one block. */
async function* hashed(bytes: AsyncIterable<Uint8Array>, digest: Digest): AsyncGenerator<Uint8Array> {
  for await (const blocks of ahead(bytes, AHEAD_BYTES)) {
    const all = blocks.length === 1 ? blocks[0]! : concat(...blocks);
    digest.add(all);
    yield all;
  }
}

/** Pieces that grow to PIECE_BYTES each before the browser takes them out of the page's memory. */
async function gather(opened: AsyncIterable<Uint8Array<ArrayBuffer>>, signal?: AbortSignal): Promise<Blob[]> {
  const pieces: Blob[] = [];
  let waiting: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const block of opened) {
    unlessCancelled(signal); // all of it may have come already, so that no request is left that would tell
    waiting.push(block);
    size += block.length;
    if (size < PIECE_BYTES) continue;
    pieces.push(new Blob(waiting));
    waiting = [];
    size = 0;
  }
  return [...pieces, new Blob(waiting)];
}

/**
 * The attachment as a Blob of type application/octet-stream, once it is whole, verified, and the one
 * that the sender's manifest lists; Failure('tampered') otherwise, an abort when it was cancelled, and
 * nothing is kept.
 */
export async function downloadAttachment(
  where: Where,
  access: Access,
  listed: Attachment,
  { onProgress, signal }: DownloadOptions = {},
): Promise<Blob> {
  const digest = new Digest(listed.ciphertext_size);
  const opener = new Opener(access.content.key, contextOf(placeOf(access.content, listed.part)));
  const ciphertext = hashed(partBytes(where, access, listed.part, listed.ciphertext_size, signal), digest);
  try {
    const pieces = await gather(openStream(opener, ciphertext, onProgress), signal);
    const found = { ciphertext_size: listed.ciphertext_size, commitment: opener.commitment, sha256: await digest.finish() };
    unlessCancelled(signal);
    checkAttachment(listed, found);
    if (!opener.isWhole) throw new Tampered('not whole');
    return new Blob(pieces, { type: 'application/octet-stream' });
  } catch (error) {
    if (!(error instanceof Tampered)) throw error;
    throw new Failure('tampered', { reason: error.message });
  }
}
