// One sealed part on its way to the server, by tus: it survives lost connections and restarts of the
// server while this tab lives. The sealed bytes are made once, as they are sent; what was sent and
// is not yet acknowledged is kept for a repeat, nothing else.

import { Upload as TusUpload, type DetailedError } from 'tus-js-client';

import { ahead } from './ahead';
import { Failure, isErrorWord } from './failure';
import { type Where, refusal, request } from './http';

const CHUNK_BYTES = 8 * 1024 * 1024;
const RETRY_DELAYS_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000, 30_000, 30_000];

export interface PartUpload {
  part: number;
  /** Exactly how many bytes `sealed` gives. */
  size: number;
  sealed: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Of an access_reply. */
  capability: string;
  onProgress?: ((bytes: number) => void) | undefined;
  /** The server made room for it, under this address. */
  onPlace?: ((url: string) => void) | undefined;
}

/**
 * As much of a stream's reader as tus asks for. The next bytes are sealed while these are sent; they
 * go to the browser's own store at once, so that sending them does not copy them in the page.
 */
function readerOf(sealed: AsyncIterable<Uint8Array<ArrayBuffer>>, onError: (error: unknown) => void): ReadableStreamDefaultReader {
  const batches = ahead(sealed, CHUNK_BYTES);
  const reader = {
    async read() {
      try {
        const next = await batches.next();
        return next.done ? { done: true, value: undefined } : { done: false, value: new Blob(next.value) };
      } catch (error) {
        onError(error);
        throw error;
      }
    },
    cancel: async () => {
      await batches.return(undefined);
    },
  };
  return reader as unknown as ReadableStreamDefaultReader;
}

function statusOf(error: Error | DetailedError): number {
  return ('originalResponse' in error && error.originalResponse?.getStatus()) || 0;
}

/** Without an answer, or where the server says "later": go on from where it stands. */
function isPassing(status: number): boolean {
  return status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;
}

/** The server lost bytes that it had acknowledged, and they are sealed and gone here: begin again. */
function isBehind(error: Error | DetailedError): boolean {
  const cause = 'causingError' in error ? error.causingError : null;
  return /before the reader/.test(`${error.message} ${cause?.message ?? ''}`);
}

function failureFrom(error: Error | DetailedError): Failure {
  const status = statusOf(error);
  if (isBehind(error)) return new Failure('conflict');
  if (status === 0) return new Failure('unavailable', { isOffline: true });
  const word = ('originalResponse' in error && error.originalResponse?.getHeader('Secure-Mail-Outcome')) || '';
  return new Failure(isErrorWord(word) && word !== 'ok' ? word : 'unavailable');
}

/**
 * What an upload left at the server is taken back. Failure('conflict'): it is part of a message that is
 * being sent. What is not there any more is taken back already.
 */
export async function takeBackUpload(where: Where, url: string, capability: string): Promise<void> {
  const path = new URL(url, where.base || location.href).pathname;
  const headers = { 'Tus-Resumable': '1.0.0', 'Secure-Mail-Capability': capability };
  const response = await request(where, path, { method: 'DELETE', headers });
  if (!response.ok && response.status !== 404 && response.status !== 410) throw await refusal(response);
}

export class PartSender {
  private readonly tus: TusUpload;
  /** Ends when the part is durable, or with a Failure. */
  readonly done: Promise<void>;
  private settle!: { resolve: () => void; reject: (error: unknown) => void };
  private sourceError: unknown = null;
  private isOver = false;

  constructor(
    where: Where,
    private readonly upload: PartUpload,
  ) {
    this.done = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    this.done.catch(() => {}); // whoever waits hears it; nobody may be waiting yet
    const source = readerOf(upload.sealed, (error) => (this.sourceError = error));
    this.tus = new TusUpload(source, {
      endpoint: `${where.base}/api/v1/uploads`,
      uploadSize: upload.size,
      chunkSize: Math.min(CHUNK_BYTES, upload.size),
      metadata: { part: String(upload.part) },
      headers: { 'Secure-Mail-Capability': upload.capability },
      retryDelays: RETRY_DELAYS_MS,
      storeFingerprintForResuming: false,
      removeFingerprintOnSuccess: false,
      fingerprint: () => Promise.resolve(null as unknown as string),
      onShouldRetry: (error) => !this.sourceError && !isBehind(error) && isPassing(statusOf(error)),
      onUploadUrlAvailable: () => this.tus.url && upload.onPlace?.(this.tus.url),
      onProgress: (bytes) => upload.onProgress?.(bytes),
      onSuccess: () => this.end(null),
      onError: (error) => this.end(this.sourceError ?? failureFrom(error)),
    });
  }

  private end(error: unknown): void {
    this.isOver = true;
    if (error) this.settle.reject(error);
    else this.settle.resolve();
  }

  /** Begins, or goes on after a pause. */
  start(): void {
    if (!this.isOver) this.tus.start();
  }

  pause(): void {
    if (!this.isOver) void this.tus.abort();
  }

  /** Ends it, and takes back what the server has; `done` is rejected as an abort. */
  async takeBack(): Promise<void> {
    const wasOver = this.isOver;
    if (!wasOver) this.end(new DOMException('cancelled', 'AbortError'));
    await this.tus.abort(false);
    if (this.tus.url) await TusUpload.terminate(this.tus.url, { headers: { 'Secure-Mail-Capability': this.upload.capability } }).catch(() => {});
  }
}
