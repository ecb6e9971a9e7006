// What went wrong, in the words of the protocol, with what a page needs to say what can be done now.

import { ERRORS, type ErrorWord, type Failure as Told } from '../protocol/protocol';

export interface FailureFacts {
  /** Attempts before the lock; 0 when it is not about a check. */
  attemptsLeft?: number;
  retryAfterS?: number;
  /** End of a lock, by the server's clock; 0 if none. */
  untilMs?: number;
  /** A sentence in English, for a log or a detail: pages have their own texts for each word. */
  reason?: string;
  /** Said by crypto inside the sealed reply; else by the gateway, the network or this page. */
  isSealed?: boolean;
  /** No answer came: the network, or the server is away. */
  isOffline?: boolean;
}

export class Failure extends Error {
  override name = 'Failure';
  readonly attemptsLeft: number;
  readonly retryAfterS: number;
  readonly untilMs: number;
  readonly reason: string;
  readonly isSealed: boolean;
  readonly isOffline: boolean;

  constructor(
    readonly word: ErrorWord,
    facts: FailureFacts = {},
  ) {
    super(facts.reason || word);
    this.attemptsLeft = facts.attemptsLeft ?? 0;
    this.retryAfterS = facts.retryAfterS ?? 0;
    this.untilMs = facts.untilMs ?? 0;
    this.reason = facts.reason ?? '';
    this.isSealed = facts.isSealed ?? false;
    this.isOffline = facts.isOffline ?? false;
  }
}

export function isErrorWord(word: unknown): word is ErrorWord {
  return typeof word === 'string' && (ERRORS as readonly string[]).includes(word);
}

export function failureOf(word: ErrorWord, told: Told): Failure {
  return new Failure(word, {
    attemptsLeft: told.attempts_left,
    retryAfterS: told.retry_after_s,
    untilMs: told.until_ms,
    reason: told.reason,
    isSealed: true,
  });
}

export function hasWord(error: unknown, ...words: ErrorWord[]): error is Failure {
  return error instanceof Failure && words.includes(error.word);
}

/** No answer of the server's came, so whether it acted is not known. */
export function isAnswerLost(error: unknown): boolean {
  return hasWord(error, 'unavailable', 'timeout') && !error.isSealed;
}

export const cancelled = (): DOMException => new DOMException('cancelled', 'AbortError');

/** Looked at until the very end of a transfer, so that what was cancelled never ends as done. */
export function unlessCancelled(signal?: AbortSignal | null): void {
  if (signal?.aborted) throw cancelled();
}

/** A cancelled transfer, never shown as an error. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
