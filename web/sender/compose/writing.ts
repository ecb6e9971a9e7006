// The one message that somebody is writing: it lives as long as the tab, whatever page is shown, so
// that a look at the list or a session that ends costs nothing.

import { useEffect, useState } from 'preact/hooks';

import type { Draft } from '../../client/draft';
import { fileNameOf } from '../../client/file_name';
import { GivenFiles } from '../../client/given_files';
import type { Message } from '../../client/office';
import type { Outgoing } from '../../client/outgoing';
import { isLine } from '../../envelope/text';
import { type Id, LIMITS, METHODS, type SendReply } from '../../protocol/protocol';
import type { Session } from '../session';
import { type Addressed, type Parsed, parseAddresses, sameAddress } from './addresses';
import { rememberDomains } from './domains';
import type { Policy } from '../policy';
import { type Kept, keep, readKept } from './kept';

export interface WritingRecipient extends Addressed {
  method: number;
  password: string;
}

export type Phase = 'writing' | 'checking' | 'sending' | 'sent';

/** For so long the page offers "Undo". */
export const UNDO_S = 10;
/** The notification waits longer than that: the server's count began before ours. */
const HOLD_S = UNDO_S + 5;
const KEEP_AFTER_MS = 400;

export interface Begin {
  recipients?: readonly Addressed[];
  subject?: string;
  parent?: Id;
}

export function isStrongMethod(method: number): boolean {
  return method === METHODS.METHOD_PASSWORD || method === METHODS.METHOD_PASSWORD_AND_CODE;
}

export class Writing {
  recipients: WritingRecipient[] = [];
  /** In the field, not yet an address. */
  typed = '';
  subject = '';
  body = '';
  /** For everybody, unless each has a check of his own. */
  method: number = METHODS.METHOD_PASSWORD;
  password = '';
  hasOwnChecks = false;
  lifetimeDays = 7;
  /** Of the notification. */
  language: 'nl' | 'en' = 'nl';
  parent: Id = '';

  phase: Phase = 'writing';
  error: unknown = null;
  files = new GivenFiles();
  draft: Draft | null = null;
  sent: SendReply | null = null;
  sentAtMs = 0;
  /** It was sent and taken back: what is here is the same text again. */
  takenBack: 'no' | 'inTime' | 'late' = 'no';
  /** Came back after a reload, without these files. */
  lostFiles: string[] | null = null;

  private beginning: Promise<Draft> | null = null;
  private watchers = new Set<() => void>();
  private isTold = false;
  private keeping: ReturnType<typeof setTimeout> | null = null;

  /** What another user left in this tab is not shown to this one. */
  constructor(
    private readonly user: Id,
    private readonly policy: Policy,
  ) {
    this.takeDefaults();
    const kept = readKept();
    if (kept?.user === user) this.restore(kept);
    else keep(null);
  }

  private takeDefaults(): void {
    this.method = this.policy.defaultMethod;
    this.lifetimeDays = this.policy.defaultLifetime;
    this.language = this.policy.language;
  }

  private restore({ user: _, files, recipients, ...rest }: Kept): void {
    Object.assign(this, rest, { recipients: recipients.map((each) => ({ ...each, password: '' })), lostFiles: files });
  }

  /** A new message, unless one is being written already. */
  begin({ recipients = [], subject = '', parent = '' }: Begin): void {
    if (this.isDirty && this.phase !== 'sent') {
      this.add({ good: [...recipients], bad: [] });
      return;
    }
    this.clear();
    this.parent = parent;
    this.subject = subject;
    this.add({ good: [...recipients], bad: [] });
  }

  /** Begins anew; what was uploaded for a message that was not sent is taken back. */
  clear(): void {
    if (this.phase !== 'sent') for (const each of this.attachments) void each.remove();
    const fresh = { recipients: [], typed: '', subject: '', body: '', password: '', hasOwnChecks: false, parent: '' };
    const state = { phase: 'writing', error: null, files: new GivenFiles(), draft: null, sent: null, takenBack: 'no', lostFiles: null };
    this.beginning = null;
    Object.assign(this, fresh, state);
    this.takeDefaults();
    if (this.keeping) clearTimeout(this.keeping);
    keep(null);
    this.changed();
  }

  /** Nothing that a person made would be lost by leaving. */
  get isDirty(): boolean {
    if (this.phase === 'sent') return false;
    return Boolean(this.recipients.length || this.typed.trim() || this.subject || this.body || this.fileNames.length);
  }

  /** Of all that will be sent with it, also those that wait for the draft to begin. */
  get fileNames(): string[] {
    return [...this.attachments.map((each) => each.name), ...this.files.waiting.map((each) => fileNameOf(each.name))];
  }

  get attachments(): readonly Outgoing[] {
    return this.draft?.attachments ?? [];
  }

  // --- telling who shows it ---

  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => void this.watchers.delete(watcher);
  }

  /** At most once a frame: progress comes often. */
  readonly changed = (): void => {
    if (this.isTold) return;
    this.isTold = true;
    requestAnimationFrame(() => {
      this.isTold = false;
      for (const watcher of this.watchers) watcher();
    });
  };

  set(more: Partial<Pick<Writing, 'typed' | 'subject' | 'body' | 'method' | 'password' | 'hasOwnChecks' | 'lifetimeDays' | 'language'>>): void {
    Object.assign(this, more);
    this.keepSoon();
    for (const watcher of this.watchers) watcher(); // at once: a field shows what was typed
  }

  private keepSoon(): void {
    if (this.keeping) clearTimeout(this.keeping);
    this.keeping = setTimeout(() => this.keepNow(), KEEP_AFTER_MS);
  }

  readonly keepNow = (): void => {
    if (this.phase === 'sent') return;
    const { user, typed, subject, body, method, hasOwnChecks, lifetimeDays, parent } = this;
    const recipients = this.recipients.map(({ address, name, method: own }) => ({ address, name, method: own }));
    const files = this.fileNames;
    keep(this.isDirty ? { user, recipients, typed, subject, body, method, hasOwnChecks, lifetimeDays, language: this.language, parent, files } : null);
  };

  // --- recipients ---

  add({ good, bad }: Parsed): void {
    const isNew = ({ address }: Addressed): boolean => !this.recipients.some((each) => sameAddress(each.address, address));
    const added = good.filter(isNew).map((each) => ({ ...each, method: this.method, password: '' }));
    this.recipients = [...this.recipients, ...added];
    this.set({ typed: bad.join(', ') });
  }

  /** What stands in the field becomes recipients, as far as it is addresses. */
  takeTyped(): void {
    if (this.typed.trim()) this.add(parseAddresses(this.typed));
  }

  remove(address: string): void {
    this.recipients = this.recipients.filter((each) => each.address !== address);
    this.set({});
  }

  correct(address: string, right: string): void {
    this.recipients = this.recipients.map((each) => (each.address === address ? { ...each, address: right } : each));
    this.set({});
  }

  setCheck(address: string, more: Partial<Pick<WritingRecipient, 'method' | 'password'>>): void {
    this.recipients = this.recipients.map((each) => (each.address === address ? { ...each, ...more } : each));
    this.set({});
  }

  /** What will be sent: with the check of each. */
  checked(): WritingRecipient[] {
    const own = (each: WritingRecipient): WritingRecipient =>
      this.hasOwnChecks ? each : { ...each, method: this.method, password: this.password };
    return this.recipients.map(own).map((each) => (isStrongMethod(each.method) ? each : { ...each, password: '' }));
  }

  // --- attachments ---

  /** A draft that was asked for before this message was cleared is not this message's. */
  private ready(session: Session): Promise<Draft> {
    if (this.beginning) return this.beginning;
    const beginning: Promise<Draft> = session.run(() => session.office.beginMessage(this.changed)).then(
      (draft) => {
        if (this.beginning === beginning) this.begun(draft);
        return draft;
      },
      (error: unknown) => {
        if (this.beginning === beginning) this.beginning = null;
        throw error;
      },
    );
    return (this.beginning = beginning);
  }

  private begun(draft: Draft): void {
    this.draft = draft;
    this.files.attachTo(draft);
  }

  async attach(session: Session, files: readonly File[]): Promise<void> {
    this.error = null;
    this.files.give(files);
    this.set({});
    try {
      if (this.draft) this.files.attachTo(this.draft);
      else await this.ready(session);
    } catch (error) {
      this.error = error;
    }
    this.set({});
  }

  withdraw(file: File): void {
    this.files.remove(file);
    this.set({});
  }

  async detach(outgoing: Outgoing): Promise<void> {
    await this.draft?.remove(outgoing);
    this.set({});
  }

  // --- sending ---

  show(phase: Phase): void {
    this.phase = phase;
    this.error = null;
    this.changed();
  }

  private message(): Message {
    const { subject, body, parent, lifetimeDays } = this;
    return { subject: lineOf(subject), body, parent, lifetime_days: lifetimeDays, undo_s: HOLD_S, language: this.language, recipients: this.checked() };
  }

  async send(session: Session): Promise<void> {
    this.show('sending');
    try {
      const isWaiting = this.files.waiting.length > 0;
      const draft = await this.ready(session);
      if (isWaiting && this.files.refused.length > 0) return this.show('writing'); // where it is said which, and why
      const message = this.message();
      this.sent = await session.run(() => session.office.send(draft, message));
      this.sentAtMs = performance.now();
      rememberDomains(message.recipients.map(({ address }) => address));
      this.phase = 'sent';
      this.takenBack = 'no';
      this.lostFiles = null;
      keep(null);
    } catch (error) {
      this.phase = 'checking';
      this.error = error;
    }
    this.changed();
  }

  /** Revokes what was just sent, and has the same text and files here as a new message. */
  async takeBack(session: Session): Promise<void> {
    const message = this.sent!.message;
    await session.run(() => session.office.revoke(message));
    if (this.sent?.message !== message) return; // the page was left meanwhile: what is here now is another message
    const files = this.attachments.map((each) => each.file);
    this.sent = null;
    this.draft = null;
    this.beginning = null;
    const isInTime = performance.now() - this.sentAtMs < HOLD_S * 1000;
    this.takenBack = isInTime ? 'inTime' : 'late';
    this.show('writing');
    if (files.length) await this.attach(session, files);
    this.keepNow();
  }
}

/** A subject is one line that shows what it is. */
function lineOf(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return isLine(line) ? line : [...line].filter(isLine).join('');
}

export function limitOf(writing: Writing): number {
  return writing.draft?.access.attachment_bytes_max ?? LIMITS.ATTACHMENT_BYTES_MAX;
}

/** Draws again whenever it changes. */
export function useWriting(writing: Writing): Writing {
  const [, redraw] = useState(0);
  useEffect(() => writing.watch(() => redraw((count) => count + 1)), [writing]);
  return writing;
}
