// What the sender and this recipient wrote to each other: which messages there are, and the content
// of those that somebody asked to see. Each is opened at most once a visit; the log has it.

import { hasWord } from '../client/failure';
import type { Visit } from '../client/visit';
import { DIRECTIONS, type Id, type ThreadRow } from '../protocol/protocol';
import { ReceivedFile } from './files';

export interface Told {
  subject: string;
  body: string;
  files: ReceivedFile[];
  /** Names of what was attached to a reply that was just sent from here. */
  sentFiles: string[];
}

export type EntryState = { at: 'closed' | 'opening' } | { at: 'here'; told: Told } | { at: 'failed'; error: unknown };

export class Entry {
  state: EntryState = { at: 'closed' };

  constructor(public row: ThreadRow) {}

  get isOwn(): boolean {
    return this.row.direction === DIRECTIONS.DIRECTION_REPLY;
  }

  /** null until it was opened. */
  get told(): Told | null {
    return this.state.at === 'here' ? this.state.told : null;
  }
}

/** What was sent from here is known without asking. */
export interface SentReply {
  message: Id;
  body: string;
  files: string[];
}

export class Conversation {
  /** In the order of time, the message of the link among them. */
  entries: Entry[] = [];
  /** Why the list is not known, or not as it is now. */
  error: unknown = null;
  private loads = 0;

  constructor(
    private readonly visit: Visit,
    private readonly onChange: () => void,
  ) {}

  get hasReplied(): boolean {
    return this.entries.some((each) => each.isOwn);
  }

  /** Everything but the message of the link. */
  get others(): Entry[] {
    return this.entries.filter((each) => !each.row.is_this);
  }

  /** Fails never: `error` says what went wrong. An older answer does not replace a newer one. */
  async load(): Promise<void> {
    const load = ++this.loads;
    try {
      const rows = await this.visit.thread();
      if (load !== this.loads) return;
      this.entries = rows.map((row) => this.entryOf(row)).sort((a, b) => a.row.created_ms - b.row.created_ms);
      this.error = null;
    } catch (error) {
      if (load !== this.loads) return;
      this.error = error;
    }
    this.onChange();
  }

  private entryOf(row: ThreadRow): Entry {
    const known = this.entries.find((each) => each.row.message === row.message);
    return known ? Object.assign(known, { row }) : new Entry(row);
  }

  /** What ended since the list was made is told by a new list. */
  async open(entry: Entry): Promise<void> {
    if (entry.state.at === 'opening' || entry.state.at === 'here') return;
    this.become(entry, { at: 'opening' });
    try {
      const content = await this.visit.openOther(entry.row.message);
      const { subject, body, attachments } = content.manifest;
      const files = attachments.map((each) => new ReceivedFile(content, each, this.onChange));
      this.become(entry, { at: 'here', told: { subject, body, files, sentFiles: [] } });
    } catch (error) {
      this.become(entry, { at: 'failed', error });
      if (hasWord(error, 'gone')) await this.load();
    }
  }

  private become(entry: Entry, state: EntryState): void {
    entry.state = state;
    this.onChange();
  }

  /** Stands there at once; the server's list follows. */
  async sent({ message, body, files }: SentReply): Promise<void> {
    const nowMs = this.visit.server.nowMs();
    const entry = new Entry({ message, parent: '', direction: DIRECTIONS.DIRECTION_REPLY, created_ms: nowMs, expires_ms: nowMs, is_this: false, is_open: true });
    entry.state = { at: 'here', told: { subject: '', body, files: [], sentFiles: files } };
    this.entries = [...this.entries, entry];
    this.onChange();
    await this.load();
  }

  /** When the message leaves the page. */
  forget(): void {
    for (const { told } of this.entries) told?.files.forEach((each) => each.forget());
  }
}
