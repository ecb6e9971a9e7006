// One request to our own server. An answer that is none of ours becomes a Failure in the protocol's
// words; what the gateway says itself is JSON and never taken for crypto's word.

import type { ErrorWord } from '../protocol/protocol';
import { Failure, cancelled, isAbort, isErrorWord, unlessCancelled } from './failure';

/** Longer than the gateway's own deadline of 60 s. */
const ANSWER_TIMEOUT_MS = 70_000;

const STATUS_WORDS: Record<number, ErrorWord> = {
  401: 'not-signed-in',
  403: 'not-allowed',
  404: 'not-found',
  409: 'conflict',
  410: 'gone',
  413: 'too-large',
  429: 'rate-limited',
  503: 'unavailable',
  504: 'timeout',
};

export type Fetch = typeof fetch;

export interface Where {
  /** '' for the page's own server. */
  base: string;
  fetch: Fetch;
}

/** The head of an answer came, or Failure('unavailable', isOffline). The body has no time limit. */
export async function request(where: Where, path: string, init: RequestInit = {}): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_TIMEOUT_MS);
  const outer = init.signal;
  const onAbort = (): void => late.abort();
  outer?.addEventListener('abort', onAbort);
  try {
    unlessCancelled(outer);
    return await where.fetch(where.base + path, { credentials: 'same-origin', redirect: 'error', ...init, signal: late.signal });
  } catch (error) {
    unlessCancelled(outer);
    throw new Failure(isAbort(error) ? 'timeout' : 'unavailable', { isOffline: true });
  } finally {
    clearTimeout(timer);
  }
}

/** The gateway's refusal: its JSON where there is one, else what the status says. */
export async function refusal(response: Response): Promise<Failure> {
  const word = STATUS_WORDS[response.status] ?? 'unavailable';
  const retryAfterS = Number(response.headers.get('Retry-After')) || 0;
  try {
    const told: unknown = await response.json();
    const { error, message } = told as { error?: unknown; message?: unknown };
    const reason = typeof message === 'string' ? message.slice(0, 300) : '';
    return new Failure(isErrorWord(error) && error !== 'ok' ? error : word, { retryAfterS, reason });
  } catch {
    return new Failure(word, { retryAfterS });
  }
}

export function isType(response: Response, type: string): boolean {
  return (response.headers.get('Content-Type') ?? '').split(';')[0]!.trim() === type;
}

export function pause(ms: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      clearTimeout(timer);
      reject(cancelled());
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', leave);
      resolve();
    }, ms);
    if (signal?.aborted) leave();
    else signal?.addEventListener('abort', leave, { once: true });
  });
}

const AGAIN_AFTER_MS = [300, 1500];

/** Loads what may be loaded twice: a telephone between two networks loses a request now and then. */
export async function persistently<T>(load: () => Promise<T>, isLost: (error: unknown) => boolean = () => true): Promise<T> {
  for (const ms of AGAIN_AFTER_MS) {
    try {
      return await load();
    } catch (error) {
      if (!isLost(error)) throw error;
      await pause(ms);
    }
  }
  return load();
}
