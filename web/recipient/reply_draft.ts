// A reply that is being written: its text, kept for reloads of this tab, and its uploads, which end
// with the tab. The right to upload is asked for when somebody begins to write; without it he can
// still write, and it is asked for again when he sends.

import type { Content } from '../client/content';
import type { Draft, LeftDraft } from '../client/draft';
import { Failure } from '../client/failure';
import { GivenFiles } from '../client/given_files';
import { tabMemory } from '../client/storage';
import type { Visit } from '../client/visit';
import { utf8 } from '../envelope/bytes';
import { type Id, LIMITS } from '../protocol/protocol';

export interface KeptReply {
  body: string;
  /** How many attachments it had: those are lost. */
  files: number;
}

const memoryName = (message: string): string => `reply.${message}`;

export function keptReply(message: string): KeptReply | null {
  try {
    const kept = JSON.parse(tabMemory.read(memoryName(message)) ?? 'null') as KeptReply | null;
    return kept && typeof kept.body === 'string' && Number.isInteger(kept.files) ? { body: kept.body, files: kept.files } : null;
  } catch {
    return null;
  }
}

export function forgetReply(message: string): void {
  tabMemory.write(memoryName(message), null);
}

// --- what was begun and not sent ---

const leftName = (message: string): string => `reply.draft.${message}`;

const mine = new Set<Id>();

/** Whether this tab alone has the draft: one that is copied from it, with its memory, begins its own. */
async function isMine(message: Id): Promise<boolean> {
  if (mine.has(message)) return true;
  if (!navigator.locks) return false;
  const has = await new Promise<boolean>((resolve) => {
    const untilTheTabEnds = new Promise<void>(() => {});
    void navigator.locks.request(`draft ${message}`, { ifAvailable: true }, (lock) => {
      resolve(lock !== null);
      return lock ? untilTheTabEnds : null;
    });
  });
  if (has) mine.add(message);
  return has;
}

/** Used again by the next reply of this tab: a link may have a few that are begun, no more. */
function leftDraft(message: string): LeftDraft | null {
  try {
    const left = JSON.parse(tabMemory.read(leftName(message)) ?? 'null') as LeftDraft | null;
    return left && typeof left.message === 'string' && Array.isArray(left.places) ? left : null;
  } catch {
    return null;
  }
}

function keepLeft(message: string, draft: LeftDraft): void {
  tabMemory.write(leftName(message), JSON.stringify({ message: draft.message, places: draft.places }));
}

/** "Re: " before it, once, and cut to what fits. */
export function replySubject(subject: string): string {
  const letters = [.../^re:/i.test(subject) ? subject : `Re: ${subject}`];
  while (utf8(letters.join('')).length > LIMITS.SUBJECT_BYTES_MAX) letters.length -= Math.ceil((utf8(letters.join('')).length - LIMITS.SUBJECT_BYTES_MAX) / 4);
  return letters.join('').trim();
}

export class ReplyDraft {
  body: string;
  draft: Draft | null = null;
  /** Why attachments cannot be added now. */
  failure: unknown = null;
  files = new GivenFiles();
  private beginning: Promise<Draft> | null = null;

  constructor(
    private readonly visit: Visit,
    private readonly content: Content,
    private readonly onChange: () => void,
  ) {
    this.body = keptReply(this.message)?.body ?? '';
  }

  private get message(): string {
    return this.content.reply.message;
  }

  get attachments(): Draft['attachments'] {
    return this.draft?.attachments ?? [];
  }

  private get fileCount(): number {
    return this.attachments.length + this.files.waiting.length;
  }

  get isEmpty(): boolean {
    return this.body.trim() === '' && this.fileCount === 0;
  }

  write(body: string): void {
    this.body = body;
    this.keep();
    this.onChange();
  }

  private keep(): void {
    tabMemory.write(memoryName(this.message), this.isEmpty ? null : JSON.stringify({ body: this.body, files: this.fileCount }));
  }

  /** Repeatable: one draft comes of it. */
  begin(): Promise<Draft> {
    this.failure = null;
    this.beginning ??= this.beginOnce().then(
      (draft) => {
        this.draft = draft;
        if (this.files.waiting.length > 0) this.attachWaiting(draft);
        this.onChange();
        return draft;
      },
      (error: unknown) => {
        this.beginning = null;
        this.failure = error;
        this.onChange();
        throw error;
      },
    );
    return this.beginning;
  }

  private async beginOnce(): Promise<Draft> {
    const left = leftDraft(this.message);
    let kept = -1;
    const keepPlaces = (draft: Draft | null): void => {
      if (draft && draft.places.length !== kept) keepLeft(this.message, draft);
      kept = draft?.places.length ?? -1;
    };
    const onChange = (): void => {
      keepPlaces(this.draft);
      this.onChange();
    };
    const draft = await this.visit.beginReply(this.content, onChange, left && (await isMine(left.message)) ? left : null);
    await isMine(draft.message);
    keepPlaces(draft);
    return draft;
  }

  add(files: File[]): void {
    this.files.give(files);
    if (this.draft) this.files.attachTo(this.draft);
    else void this.begin().catch(() => {}); // why not is in `failure`
    this.keep();
    this.onChange();
  }

  /** Nothing is kept where nothing waits: the reply may have been thrown away meanwhile. */
  private attachWaiting(draft: Draft): void {
    this.files.attachTo(draft);
    this.keep();
  }

  withdraw(file: File): void {
    this.files.remove(file);
    this.keep();
    this.onChange();
  }

  async remove(attachment: Draft['attachments'][number]): Promise<void> {
    await this.draft!.remove(attachment);
    this.keep();
  }

  /** Gives the id that it has, or null: files that still waited were refused, and it was not sent without them. */
  async send(): Promise<Id | null> {
    if (utf8(this.body).length > LIMITS.BODY_BYTES_MAX) throw new Failure('too-large');
    const isWaiting = this.files.waiting.length > 0;
    const draft = await this.begin();
    if (isWaiting && this.files.refused.length > 0) return null;
    await this.visit.reply(draft, { subject: replySubject(this.content.manifest.subject), body: this.body });
    forgetReply(this.message);
    tabMemory.write(leftName(this.message), null);
    return draft.message;
  }

  /** Takes back what the server has of it. */
  async discard(): Promise<void> {
    this.files = new GivenFiles();
    forgetReply(this.message);
    await Promise.all(this.attachments.map((each) => this.draft!.remove(each)));
  }
}
