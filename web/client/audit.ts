// The organisation's log over HTTP: pages of entries, the signed head, and the export as it comes.
// services/gateway/audit_api.c has the tables.

import type { Fields } from '../protocol/fields';
import { type AccessReply, type EventWord, type Id, LIMITS } from '../protocol/protocol';
import { streamed } from './blocks';
import { Failure, hasWord, unlessCancelled } from './failure';
import { isType, refusal, request } from './http';
import type { Office } from './office';

export interface Disclosure {
  /** "user", "recipient", ... */
  name: string;
  value: string;
  salt: Uint8Array;
}

interface EntryRow {
  seq: number;
  /** The exact stored bytes. */
  entry: string;
  hash: Uint8Array;
  disclosures: Disclosure[];
}

export interface LogFilter {
  kind: EventWord | '';
  /** An address, whole. */
  person: string;
  message: Id;
  /** 0: open. */
  sinceMs: number;
  untilMs: number;
}

export interface LogEntry extends EntryRow {
  /** A word of EVENTS, or of a newer server. */
  kind: string;
  atMs: number;
  actorClass: string;
  result: string;
  reason: string;
  message: Id;
  link: Id;
  source: string;
  /** Personal values of which only the commitment is left. */
  erased: number;
}

export interface LogPage {
  entries: LogEntry[];
  /** Entries of the log in all. */
  size: number;
}

const MOST = Number.MAX_SAFE_INTEGER;
const disclosure: Fields<Disclosure> = {
  name: 'disclosure',
  at: [
    { name: 'name', kind: 'line', min: 0, max: MOST },
    { name: 'value', kind: 'line', min: 0, max: MOST },
    { name: 'salt', kind: 'bytes', min: LIMITS.SHA256_BYTES, max: LIMITS.SHA256_BYTES },
  ],
};
const entry_row: Fields<EntryRow> = {
  name: 'entry_row',
  at: [
    { name: 'seq', kind: 'u64', min: 1, max: MOST },
    { name: 'entry', kind: 'text', min: 0, max: MOST },
    { name: 'hash', kind: 'bytes', min: LIMITS.SHA256_BYTES, max: LIMITS.SHA256_BYTES },
    { name: 'disclosures', kind: 'list', min: 0, max: MOST, item: disclosure },
  ],
};
const entries_answer: Fields<{ entries: EntryRow[]; size: number }> = {
  name: 'entries_answer',
  at: [
    { name: 'entries', kind: 'list', min: 0, max: LIMITS.PAGE_ROWS_MAX, item: entry_row },
    { name: 'size', kind: 'u64', min: 0, max: MOST },
  ],
};

/** services/gateway/system_status.c */
export interface SystemStatus {
  crypto: boolean;
  notifier: boolean;
  retention: boolean;
  audit: boolean;
  /** 0: crypto does not answer */
  now_ms: number;
  last_sweep_ms: number;
  purged: number;
  failed: number;
  log_size: number;
}
const flag = (name: string) => ({ name, kind: 'bool', min: 0, max: 0 }) as const;
const count = (name: string) => ({ name, kind: 'u64', min: 0, max: MOST }) as const;
const status_answer: Fields<SystemStatus> = {
  name: 'status_answer',
  at: [
    flag('crypto'), flag('notifier'), flag('retention'), flag('audit'),
    count('now_ms'), count('last_sweep_ms'), count('purged'), count('failed'), count('log_size'),
  ],
};

/** What of an entry a page shows; an entry that is no JSON shows nothing but its own bytes. */
function readEntry(row: EntryRow): LogEntry {
  let members: Record<string, unknown> = {};
  try {
    members = (JSON.parse(row.entry) ?? {}) as Record<string, unknown>;
  } catch {
    // The check of the log says what is wrong with it.
  }
  const text = (name: string): string => (typeof members[name] === 'string' ? members[name] : '');
  const personal = Array.isArray(members['personal']) ? members['personal'].length : 0;
  return {
    ...row,
    kind: text('kind'),
    atMs: Date.parse(text('at') || text('recorded')) || 0,
    actorClass: text('actor_class'),
    result: text('result'),
    reason: text('reason'),
    message: text('message'),
    link: text('link'),
    source: text('source'),
    erased: Math.max(0, personal - row.disclosures.length),
  };
}

function queryOf({ kind, person, message, sinceMs, untilMs }: LogFilter, beforeSeq: number, rows: number): string {
  const wanted = { kind, person, message, since: sinceMs || '', until: untilMs || '', before: beforeSeq || '', rows };
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(wanted)) if (value) query.set(name, String(value));
  return query.toString();
}

/** One reader of the log. His capability is asked for once, and again when it has ended; crypto logs both. */
export class AuditLog {
  private access: AccessReply | null = null;

  constructor(private readonly office: Office) {}

  private async withAccess<T>(work: (headers: Record<string, string>) => Promise<T>): Promise<T> {
    const wasKept = this.access !== null;
    this.access ??= await this.office.call('audit_access', {});
    try {
      return await work({ 'Secure-Mail-Request': '1', 'Secure-Mail-Capability': this.access.capability });
    } catch (error) {
      if (!hasWord(error, 'not-signed-in', 'not-allowed')) throw error;
      this.access = null;
      if (!wasKept) throw error;
      return this.withAccess(work);
    }
  }

  private get(path: string, type: string, signal?: AbortSignal): Promise<Response> {
    return this.withAccess(async (headers) => {
      const response = await request(this.office.server.where, path, signal ? { headers, signal } : { headers });
      if (response.status !== 200 || !isType(response, type)) throw await refusal(response);
      return response;
    });
  }

  /** Newest first; `beforeSeq` pages down, 0 begins at the newest. */
  async entries(filter: LogFilter, beforeSeq: number, rows: number): Promise<LogPage> {
    const path = `/api/v1/audit/entries?${queryOf(filter, beforeSeq, rows)}`;
    const { entries, size } = await this.withAccess((headers) => this.office.server.getJson(path, entries_answer, headers));
    return { entries: entries.map(readEntry), size };
  }

  /** For who may read the log: which services answer, and when retention swept. */
  status(): Promise<SystemStatus> {
    return this.withAccess((headers) => this.office.server.getJson('/api/v1/status', status_answer, headers));
  }

  /** The signed head as text: a C2SP note. */
  async checkpoint(): Promise<string> {
    return (await this.get('/api/v1/audit/checkpoint', 'text/plain')).text();
  }

  /** It goes to all administrators and auditors, to be kept outside the server. */
  async mailCheckpoint(): Promise<void> {
    await this.office.call('checkpoint_mail', {});
  }

  /** The whole log, as securemail-verify reads it, in the pieces in which it comes. */
  async *exported(signal?: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { body } = await this.get('/api/v1/audit/export', 'application/x-ndjson', signal);
    try {
      for await (const piece of streamed(body!)) {
        yield piece;
        unlessCancelled(signal); // the last piece may have been this one
      }
    } catch {
      unlessCancelled(signal);
      throw new Failure('unavailable', { isOffline: true });
    }
  }
}

const LINE_END = 10;

/** Whole lines out of pieces; what stands behind the last line end waits. */
export class Lines {
  private readonly decoder = new TextDecoder();
  private waiting = '';

  add(piece: Uint8Array): string[] {
    this.waiting += this.decoder.decode(piece, { stream: true });
    if (!piece.includes(LINE_END)) return [];
    const lines = this.waiting.split('\n');
    this.waiting = lines.pop()!;
    return lines;
  }
}

/** How far an export is: its header says how many entries come. */
export class ExportProgress {
  done = 0;
  total = 0;
  isWhole = false;

  add(line: string): void {
    this.total ||= Number(/^\{.*"last_seq":(\d+)/.exec(line)?.[1] ?? 0);
    if (line.endsWith('"type":"entry"}')) this.done++;
    this.isWhole = line.endsWith('"type":"footer"}');
  }
}

export interface ExportOptions {
  onProgress: (progress: ExportProgress) => void;
  signal: AbortSignal;
}

/** Failure('unavailable') when it broke off: half a log is not handed out. */
export async function exportLog(log: AuditLog, { onProgress, signal }: ExportOptions): Promise<Blob> {
  const pieces: Blob[] = [];
  const lines = new Lines();
  const progress = new ExportProgress();
  for await (const piece of log.exported(signal)) {
    pieces.push(new Blob([piece]));
    for (const line of lines.add(piece)) progress.add(line);
    onProgress(progress);
  }
  if (!progress.isWhole) throw new Failure('unavailable', { isOffline: true });
  return new Blob(pieces);
}
