// One sealed part on its way to the server, by tus: it survives lost connections and restarts of the
// server while this tab lives, however long they take. The sealed bytes are made once, as they are
// sent, so that one place in a part never has two ciphertexts under one salt; what was sent and is not
// yet acknowledged is kept for a repeat, nothing else.

import { Upload as TusUpload, type DetailedError } from 'tus-js-client';

import { ahead } from './ahead';
import { Failure, cancelled, isErrorWord } from './failure';
import { type Where, refusal, request } from './http';
import { isOffline, whenOnline } from './network';
import { UploadRequests } from './upload_requests';

const CHUNK_BYTES = 8 * 1024 * 1024;
/** Between tries without any progress; each byte that is acknowledged starts them anew. */
const RETRY_DELAYS_MS = [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000, 30_000, 30_000];
/** Costs no tries: a device may be wrong about its network, and is then not left waiting. */
const OFFLINE_DELAY_MS = 15_000;

export interface PartUpload {
  part: number;
  /** Exactly how many bytes `sealed` gives. */
  size: number;
  sealed: AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** Of an access_reply. */
  capability: string;
  onProgress?: ((bytes: number) => void) | undefined;
  /** The connection was lost, and it is tried again by itself; or it is back. */
  onWaiting?: ((isWaiting: boolean) => void) | undefined;
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
function isPassing(error: Error | DetailedError): boolean {
  const status = statusOf(error);
  return 'originalRequest' in error && (status === 0 || status === 409 || status === 423 || status === 429 || status >= 500);
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
  if (isErrorWord(word) && word !== 'ok') return new Failure(word);
  return new Failure(status === 404 ? 'not-found' : 'unavailable');
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
  private settle!: { resolve: () => void; reject: (error: unknown) => void };
  private outcome!: Promise<void>;
  private sourceError: unknown = null;
  private state: 'ready' | 'stopped' | 'over' = 'ready';
  private tries = 0;
  private acknowledged = 0;
  private place = '';
  private isWaiting = false;
  private stopWaiting = (): void => {};

  constructor(
    where: Where,
    private readonly upload: PartUpload,
  ) {
    this.promise();
    const source = readerOf(upload.sealed, (error) => (this.sourceError = error));
    this.tus = new TusUpload(source, {
      endpoint: `${where.base}/api/v1/uploads`,
      httpStack: new UploadRequests(),
      uploadSize: upload.size,
      chunkSize: Math.min(CHUNK_BYTES, upload.size),
      metadata: { part: String(upload.part) },
      headers: { 'Secure-Mail-Capability': upload.capability },
      retryDelays: null, // tries are counted here: tus knows no way to go on after its last one
      storeFingerprintForResuming: false,
      removeFingerprintOnSuccess: false,
      fingerprint: () => Promise.resolve(null as unknown as string),
      onUploadUrlAvailable: () => this.placed(),
      onAfterResponse: (_, response) => {
        if (response.getStatus() < 400) this.waits(false);
        this.heard(Number(response.getHeader('Upload-Offset')));
      },
      onProgress: (bytes) => upload.onProgress?.(bytes),
      onSuccess: () => this.end(null),
      onError: (error) => this.failed(error),
    });
  }

  /**
   * Ends when the part is durable, or with a Failure. When that can pass (`canGoOn`), the next start()
   * goes on where the server is, with the same sealed bytes, and has an end of its own.
   */
  get done(): Promise<void> {
    return this.outcome;
  }

  get canGoOn(): boolean {
    return this.state === 'stopped';
  }

  private promise(): void {
    this.outcome = new Promise((resolve, reject) => (this.settle = { resolve, reject }));
    this.outcome.catch(() => {}); // whoever waits hears it; nobody may be waiting yet
  }

  /** From now on there is one place for it: tus would make another one where this one does not answer. */
  private placed(): void {
    if (this.place || !this.tus.url) return;
    this.place = this.tus.url;
    this.tus.options.endpoint = null;
    this.upload.onPlace?.(this.place);
  }

  private heard(offset: number): void {
    if (!(offset > this.acknowledged)) return;
    this.acknowledged = offset;
    this.tries = 0;
  }

  private failed(error: Error | DetailedError): void {
    if (this.sourceError || isBehind(error) || !isPassing(error)) return this.end(this.sourceError ?? failureFrom(error));
    const delay = isOffline() ? OFFLINE_DELAY_MS : RETRY_DELAYS_MS[this.tries++];
    if (delay === undefined) return this.stop(failureFrom(error));
    if (delay > 0) this.waits(true);
    this.tryIn(delay);
  }

  private waits(isWaiting: boolean): void {
    if (this.isWaiting === isWaiting) return;
    this.isWaiting = isWaiting;
    this.upload.onWaiting?.(isWaiting);
  }

  /** At once when the device comes back to a network. */
  private tryIn(ms: number): void {
    const again = (): void => {
      this.stopWaiting();
      this.tus.start();
    };
    const timer = setTimeout(again, ms);
    const stop = whenOnline(again);
    this.stopWaiting = () => {
      clearTimeout(timer);
      stop();
    };
  }

  private stop(failure: Failure): void {
    this.state = 'stopped';
    this.waits(false);
    this.settle.reject(failure);
  }

  private end(error: unknown): void {
    this.state = 'over';
    this.stopWaiting();
    if (error) this.settle.reject(error);
    else this.settle.resolve();
  }

  /** Begins, or goes on after a pause or a failure that can pass. */
  start(): void {
    if (this.state === 'over') return;
    if (this.state === 'stopped') this.promise();
    this.state = 'ready';
    this.tries = 0;
    this.stopWaiting();
    this.tus.start();
  }

  pause(): void {
    if (this.state === 'over') return;
    this.stopWaiting();
    this.waits(false);
    void this.tus.abort();
  }

  /** Ends it, and takes back what the server has; `done` is rejected as an abort. */
  async takeBack(): Promise<void> {
    if (this.state !== 'over') this.end(cancelled());
    await this.tus.abort(false);
    if (this.place) await TusUpload.terminate(this.place, { headers: { 'Secure-Mail-Capability': this.upload.capability } }).catch(() => {});
  }
}
