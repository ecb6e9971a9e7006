// A recipient at his link: the link itself, hello, the check, the message, replies. The steps of
// cli/recipient.c, without a page.

import type { LinkParts } from '../envelope/link';
import { type AccessReply, type ContentReply, DIRECTIONS, type ExpiresReply, type HelloReply, type Id, type SendCodeReply, type ThreadRow } from '../protocol/protocol';
import { Content } from './content';
import type { Draft, LeftDraft } from './draft';
import { Failure, hasWord } from './failure';
import { persistently } from './http';
import { messageLink } from './kept_link';
import { Server, type ServerOptions, partsOf } from './server';
import { type KeptSession, keepSession, keptSession } from './sessions';

export interface Proof {
  password?: string;
  code?: string;
}

export class Visit {
  /**
   * Has the person prove again who he is, when the session ends in the middle of something: what was
   * going on waits, and then goes on. Without it the call fails with 'not-signed-in'.
   */
  onSessionEnd: (() => Promise<void>) | null = null;

  /** What a check gave that opened at once. */
  private opened: ContentReply | null = null;

  private constructor(
    readonly server: Server,
    private readonly link: LinkParts,
    public hello: HelloReply,
  ) {}

  /** Checks the server's key against the link's pin and says hello. Failure('gone') for a dead link. */
  static async open(link: LinkParts, options: ServerOptions = {}): Promise<Visit> {
    const server = await Server.open({ ...options, pin: link.pin });
    const proof = { link: link.link, secret: link.secret };
    return new Visit(server, link, await server.call('hello', { link: proof }));
  }

  private get proof(): { link: string; secret: Uint8Array } {
    return { link: this.link.link, secret: this.link.secret };
  }

  private get sessionName(): string {
    return `visit.${this.link.link}`;
  }

  /** Of a check that was passed in this tab and has not ended. */
  private get session(): KeptSession | null {
    const kept = keptSession(this.sessionName);
    return kept && kept.expires_ms > this.server.nowMs() ? kept : null;
  }

  get isVerified(): boolean {
    return this.session !== null;
  }

  async sayHello(): Promise<HelloReply> {
    return (this.hello = await this.server.call('hello', { link: this.proof }));
  }

  /** Only when a person pressed the button. */
  sendCode(): Promise<SendCodeReply> {
    return this.server.call('send_code', { link: this.proof });
  }

  /** One attempt. Failure 'wrong-secret' tells the attempts left, 'locked' until when. */
  async verify(proof: Proof): Promise<void> {
    const { password = '', code = '' } = proof;
    keepSession(this.sessionName, await this.server.call('verify', { link: this.proof, password, code }));
  }

  /** The same, and what the next open() gives comes with the answer: one call instead of two. */
  async verifyAndOpen(proof: Proof): Promise<void> {
    const { password = '', code = '' } = proof;
    const { verified, content } = await this.server.call('verify_open', { link: this.proof, password, code });
    keepSession(this.sessionName, verified);
    this.opened = content;
  }

  private needSession(): KeptSession['session'] {
    const kept = this.session;
    if (!kept) throw new Failure('not-signed-in');
    return kept.session;
  }

  /** A call under the session; when the server says that it has ended, it is forgotten here too. */
  private async inSession<T>(work: (session: KeptSession['session']) => Promise<T>): Promise<T> {
    try {
      return await work(this.needSession());
    } catch (error) {
      if (!hasWord(error, 'not-signed-in')) throw error;
      keepSession(this.sessionName, null);
      if (!this.onSessionEnd) throw error;
    }
    await this.onSessionEnd();
    return work(this.needSession());
  }

  open(): Promise<Content> {
    const { opened } = this;
    this.opened = null; // it opens once; another capability is asked for
    return this.released((session) => this.server.call('open', { session }), opened);
  }

  /** What the sender and this recipient wrote to each other, this message too. Changes nothing. */
  async thread(): Promise<ThreadRow[]> {
    return (await this.inSession((session) => this.server.call('thread', { session }))).items;
  }

  /** Another one of the thread. The log gets an entry. Failure('gone') when it cannot be opened from here. */
  openOther(message: Id): Promise<Content> {
    return this.released((session) => this.server.call('open_message', { session, message }));
  }

  private async released(ask: (session: KeptSession['session']) => Promise<ContentReply>, first: ContentReply | null = null): Promise<Content> {
    const release = (): Promise<ContentReply> => this.inSession(ask);
    return Content.open(this.server.where, first ?? (await release()), release);
  }

  /** A reply to `content`, which tells the organisation that every part is bound to. */
  async beginReply(content: Content, onChange?: () => void, left?: LeftDraft | null): Promise<Draft> {
    const who = { organisation: content.reply.organisation, direction: DIRECTIONS.DIRECTION_REPLY };
    const compose = (message: string): Promise<AccessReply> =>
      this.inSession((session) => this.server.call('reply_compose', { session, message }));
    return (await persistently(() => import('./draft'))).Draft.begin(this.server.where, who, compose, onChange, left);
  }

  async reply(draft: Draft, content: { subject: string; body: string }): Promise<ExpiresReply> {
    const packed = await draft.pack(content);
    const parts = partsOf(packed.message, packed.parts);
    return this.inSession((session) => this.server.call('reply', { session, ...packed }, parts));
  }

  /** Forgets link and session in this tab at once, and has the server end the session when it can be reached. */
  async signOut(): Promise<void> {
    const kept = this.session;
    keepSession(this.sessionName, null);
    messageLink.forget();
    if (kept) await this.server.call('leave', { session: kept.session }).catch(() => {});
  }
}
