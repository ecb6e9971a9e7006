// A user of the organisation at work: sign-in, the list, composing, reading, ending. The steps of
// cli/user.c and cli/sender.c, without a page.

import { fromBase64url, toBase64url } from '../envelope/bytes';
import type { LinkParts } from '../envelope/link';
import { openSubject } from '../envelope/subject';
import {
  type AccessReply,
  type ContentReply,
  DIRECTIONS,
  type Id,
  type LoginReply,
  type OperationName,
  type OrganisationReply,
  type Recipient,
  type SendReply,
  type TotpBeginReply,
} from '../protocol/protocol';
import type { Fields } from '../protocol/fields';
import { Content } from './content';
import type { Draft } from './draft';
import { Failure, hasWord } from './failure';
import { persistently } from './http';
import { type MessageDetail, type MessagePage, type MessageRow, detail_answer, list_answer } from './lists';
import { type ReplyOf, type RequestOf, Server, type ServerOptions, partsOf } from './server';
import { keepSession, keptSession } from './sessions';
import { browserMemory, tabMemory } from './storage';

const SESSION = 'office';
const PROFILE = 'office.profile';
const PIN = 'pin';

/** Who is signed in: of login_reply, what is no secret. */
export type Profile = Pick<LoginReply, 'user' | 'organisation' | 'organisation_name' | 'name' | 'roles' | 'methods' | 'lifetime_days_max' | 'has_totp'>;

export type ListedMessage = MessageRow & { /** null: no longer there, or it does not open */ subject: string | null };

/** What a page has already. */
export interface Seen {
  /** Of the answer; '': none. */
  tag: string;
  rows: readonly ListedMessage[];
}
const NOTHING: Seen = { tag: '', rows: [] };

export interface ListPage extends Omit<MessagePage, 'messages'> {
  messages: ListedMessage[];
  tag: string;
}

export interface Detail extends Omit<MessageDetail, 'message' | 'replies'> {
  message: ListedMessage;
  replies: ListedMessage[];
  tag: string;
}

export interface Message {
  recipients: Recipient[];
  subject: string;
  body: string;
  lifetime_days: number;
  /** Seconds that the notifications wait: revoked within them, nobody gets one. */
  undo_s: number;
  language: 'nl' | 'en';
  /** The reply that this answers, or ''. */
  parent: Id;
}

function keptProfile(): Profile | null {
  try {
    return JSON.parse(tabMemory.read(PROFILE) ?? 'null') as Profile | null;
  } catch {
    return null;
  }
}

/** The identity that this browser saw at the first sign-in; a changed one is refused until accepted. */
export function rememberedPin(): Uint8Array | undefined {
  const text = browserMemory.read(PIN);
  try {
    return text ? fromBase64url(text) : undefined;
  } catch {
    return undefined;
  }
}

/** A person has checked why the server's identity changed. The next sign-in believes the new one. */
export function forgetIdentity(): void {
  browserMemory.write(PIN, null);
}

/** With the one-time link of an administrator; gives the address to sign in with. Failure('gone') for a used one. */
export async function resetPassword(link: LinkParts, password: string, options: ServerOptions = {}): Promise<string> {
  const server = await Server.open({ ...options, pin: link.pin });
  const { email } = await server.call('password_reset', { reset: link.link, secret: link.secret, password });
  return email;
}

export class Office {
  private constructor(
    readonly server: Server,
    public profile: Profile | null,
  ) {}

  /** Failure('tampered') when the server's identity is not the remembered one. */
  static async open(options: ServerOptions = {}): Promise<Office> {
    const server = await Server.open({ pin: rememberedPin(), ...options });
    const kept = keptSession(SESSION);
    const isLive = kept !== null && kept.expires_ms > server.nowMs();
    return new Office(server, isLive ? keptProfile() : null);
  }

  get isSignedIn(): boolean {
    return this.profile !== null;
  }

  async signIn(email: string, password: string, code = ''): Promise<Profile> {
    const { session, expires_ms, ...profile } = await this.server.call('login', { email, password, code });
    browserMemory.write(PIN, toBase64url(this.server.pin));
    keepSession(SESSION, { session, expires_ms });
    return this.keepProfile(profile);
  }

  private keepProfile(profile: Profile): Profile {
    tabMemory.write(PROFILE, JSON.stringify(profile));
    return (this.profile = profile);
  }

  async signOut(): Promise<void> {
    const kept = keptSession(SESSION);
    this.forget();
    if (kept) await this.server.call('logout', { session: kept.session }).catch(() => {});
  }

  private forget(): void {
    keepSession(SESSION, null);
    tabMemory.write(PROFILE, null);
    this.profile = null;
  }

  /** A sealed call in the session. Failure('not-signed-in') when it has ended: sign in again. */
  async call<Name extends OperationName>(
    name: Name,
    content: Omit<RequestOf<Name>, 'session'>,
    parts?: Parameters<Server['call']>[2],
  ): Promise<ReplyOf<Name>> {
    const kept = keptSession(SESSION);
    try {
      if (!kept) throw new Failure('not-signed-in');
      const request = { session: kept.session, ...content } as unknown as RequestOf<Name>;
      return await this.server.call(name, request, parts);
    } catch (error) {
      if (hasWord(error, 'not-signed-in')) this.forget();
      throw error;
    }
  }

  // --- the account ---

  organisation(): Promise<OrganisationReply> {
    return this.call('organisation', {});
  }

  /** A key for an authenticator app; nothing changes before confirmTotp. */
  beginTotp(): Promise<TotpBeginReply> {
    return this.call('totp_begin', {});
  }

  /** Switches the second factor on. The recovery codes are never told again. */
  async confirmTotp(code: string): Promise<string[]> {
    const { codes } = await this.call('totp_confirm', { code });
    if (this.profile) this.keepProfile({ ...this.profile, has_totp: true });
    return codes.map((each) => each.code);
  }

  async removeTotp(password: string, code: string): Promise<void> {
    await this.call('totp_remove', { password, code });
    if (this.profile) this.keepProfile({ ...this.profile, has_totp: false });
  }

  /** Ends the user's other sessions. Failure('wrong-secret') for a wrong old password. */
  async changePassword(oldPassword: string, newPassword: string): Promise<void> {
    await this.call('password_change', { old_password: oldPassword, new_password: newPassword });
  }

  // --- the list ---

  /** The gateway's half of the session lives 15 minutes: renewed when it has ended. */
  private async getTagged<T>(path: string, fields: Fields<T>, known: string): Promise<{ value: T | null; tag: string }> {
    try {
      return await this.server.getTagged(path, fields, {}, known);
    } catch (error) {
      if (!hasWord(error, 'not-signed-in')) throw error;
      await this.call('renew', {});
      return this.server.getTagged(path, fields, {}, known);
    }
  }

  async list(cursor = '', rows = 50): Promise<ListPage> {
    return (await this.listUnless(NOTHING, cursor, rows))!;
  }

  /** The list from its beginning; null where nothing of it has changed since `seen`. */
  newerList(seen: Seen, rows = 50): Promise<ListPage | null> {
    return this.listUnless(seen, '', rows);
  }

  private async listUnless(seen: Seen, cursor: string, rows: number): Promise<ListPage | null> {
    const query = new URLSearchParams({ rows: String(rows), ...(cursor ? { cursor } : {}) });
    const { value: page, tag } = await this.getTagged(`/api/v1/messages?${query}`, list_answer, seen.tag);
    return page && { ...page, tag, messages: await this.withSubjects(page.messages, seen.rows) };
  }

  async detail(message: Id): Promise<Detail> {
    return (await this.newerDetail(message, NOTHING))!;
  }

  /** Null where nothing of it has changed since `seen`. */
  async newerDetail(message: Id, seen: Seen): Promise<Detail | null> {
    const { value: detail, tag } = await this.getTagged(`/api/v1/messages/${message}`, detail_answer, seen.tag);
    if (!detail) return null;
    const [first, ...replies] = await this.withSubjects([detail.message, ...detail.replies], seen.rows);
    return { ...detail, tag, message: first!, replies };
  }

  /** One sealed request, and one entry in the log, for the subject keys of those that were not seen yet. */
  private async withSubjects(rows: MessageRow[], seen: readonly ListedMessage[]): Promise<ListedMessage[]> {
    const known = new Map(seen.flatMap((row) => (row.subject === null ? [] : [[row.message, row.subject] as const])));
    // A row without a sealed subject has lost it, whatever is known of it.
    const isKnown = (row: MessageRow): boolean => row.subject_sealed.length > 0 && known.has(row.message);
    const fresh = rows.filter((row) => row.subject_sealed.length > 0 && !isKnown(row));
    const { subjects } = fresh.length ? await this.call('subjects', { messages: fresh.map(({ message }) => ({ message })) }) : { subjects: [] };
    const keys = new Map(subjects.map((each) => [each.message, each.key]));
    const subjectOf = async (row: MessageRow): Promise<string | null> =>
      isKnown(row) ? known.get(row.message)! : this.subjectOf(row, keys.get(row.message));
    return Promise.all(rows.map(async (row) => ({ ...row, subject: await subjectOf(row) })));
  }

  private async subjectOf(row: MessageRow, key: Uint8Array | undefined): Promise<string | null> {
    const place = { organisation: this.profile!.organisation, message: row.message };
    if (!key || row.subject_sealed.length === 0) return null;
    return openSubject(key, place, row.subject_sealed).catch(() => null);
  }

  // --- sending ---

  async beginMessage(onChange?: () => void): Promise<Draft> {
    if (!this.profile) throw new Failure('not-signed-in');
    const who = { organisation: this.profile.organisation, direction: DIRECTIONS.DIRECTION_MESSAGE };
    const compose = (message: Id): Promise<AccessReply> => this.call('compose', { message });
    return (await persistently(() => import('./draft'))).Draft.begin(this.server.where, who, compose, onChange);
  }

  /** The commit. May be repeated: the message's id makes it one message. */
  async send(draft: Draft, message: Message): Promise<SendReply> {
    const { subject, body, ...rest } = message;
    const packed = await draft.pack({ subject, body });
    return this.call('send', { ...packed, ...rest }, partsOf(packed.message, packed.parts));
  }

  // --- reading and ending ---

  async read(message: Id): Promise<Content> {
    const release = (): Promise<ContentReply> => this.call('read', { message });
    return Content.open(this.server.where, await release(), release);
  }

  /** `link` names one recipient's; '' means all. */
  async revoke(message: Id, link: Id = ''): Promise<void> {
    await this.call('revoke', { message, link });
  }

  async delete(message: Id): Promise<void> {
    await this.call('delete', { message });
  }

  /** Mails one recipient's notification again. */
  async resend(message: Id, link: Id): Promise<void> {
    await this.call('resend', { message, link });
  }

  async unlock(message: Id, link: Id): Promise<void> {
    await this.call('unlock', { message, link });
  }
}
