// A reply that is being written: its text, kept for reloads of this tab, and its uploads, which end
// with the tab. The right to upload is asked for when somebody begins to write; without it he can
// still write, and it is asked for again when he sends.

import type { Content } from '../client/content';
import type { Draft } from '../client/draft';
import { Failure } from '../client/failure';
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

  get isEmpty(): boolean {
    return this.body.trim() === '' && this.attachments.length === 0;
  }

  write(body: string): void {
    this.body = body;
    this.keep();
    this.onChange();
  }

  private keep(): void {
    tabMemory.write(memoryName(this.message), this.isEmpty ? null : JSON.stringify({ body: this.body, files: this.attachments.length }));
  }

  /** Repeatable: one draft comes of it. */
  begin(): Promise<Draft> {
    this.failure = null;
    this.beginning ??= this.visit.beginReply(this.content, this.onChange).then(
      (draft) => {
        this.draft = draft;
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

  attach(file: File): void {
    this.draft!.attach(file);
    this.keep();
  }

  async remove(attachment: Draft['attachments'][number]): Promise<void> {
    await this.draft!.remove(attachment);
    this.keep();
  }

  /** Gives the id that it has. */
  async send(): Promise<Id> {
    if (utf8(this.body).length > LIMITS.BODY_BYTES_MAX) throw new Failure('too-large');
    const draft = await this.begin();
    await this.visit.reply(draft, { subject: replySubject(this.content.manifest.subject), body: this.body });
    forgetReply(this.message);
    return draft.message;
  }

  /** Takes back what the server has of it. */
  async discard(): Promise<void> {
    forgetReply(this.message);
    await Promise.all(this.attachments.map((each) => this.draft!.remove(each)));
  }
}
