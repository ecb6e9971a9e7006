// A message that is being written: its key, its attachments on their way, and, at the end, the parts
// and the sealed subject that a send or a reply carries.

import { COMMITMENT_BYTES, SALT_BYTES, once } from '../envelope/chunked';
import { type Bytes, random, toHex } from '../envelope/bytes';
import { type Attachment, makeManifest, sealHeaderPart } from '../envelope/manifest';
import { sealSubject, subjectKeyOf } from '../envelope/subject';
import { type AccessReply, type Id, LIMITS, type PartFacts } from '../protocol/protocol';
import { Failure, hasWord } from './failure';
import type { Where } from './http';
import { newId } from './ids';
import { Outgoing, type Sealing } from './outgoing';
import { PartSender, takeBackUpload } from './upload';

/** Of attachments; the others wait. */
const SENDING_AT_ONCE = 2;

export interface Packed {
  message: Id;
  key: Bytes;
  subject_sealed: Bytes;
  parts: PartFacts[];
}

/** A draft that was begun before, in this tab, and not sent: its id, and where its parts went. */
export interface LeftDraft {
  message: Id;
  places: string[];
}

/** What is left of it is taken back; null where it cannot be used again: it was sent, or is being sent. */
async function emptied(where: Where, left: LeftDraft, compose: (message: Id) => Promise<AccessReply>): Promise<AccessReply | null> {
  try {
    const access = await compose(left.message);
    for (const place of left.places) await takeBackUpload(where, place, access.capability);
    return access;
  } catch (error) {
    if (hasWord(error, 'conflict')) return null;
    throw error;
  }
}

export class Draft {
  /** Addresses of what was uploaded: to be taken back when the draft is used again. */
  readonly places: string[] = [];
  readonly key = random(LIMITS.KEY_BYTES);
  attachments: Outgoing[] = [];
  private header: PartSender | null = null;
  private packed: { of: string; is: Packed } | null = null;

  private constructor(
    private readonly where: Where,
    private readonly organisation: Id,
    private readonly direction: number,
    readonly message: Id,
    readonly access: AccessReply,
    /** Called at every change of an attachment, often: draw at most once a frame. */
    private readonly onChange: () => void,
  ) {}

  /**
   * `compose` asks for the right to upload the parts of a new message; `left` is one that need not be
   * asked for anew. Its key is new all the same: nothing that was sealed for it is used again.
   */
  static async begin(
    where: Where,
    who: { organisation: Id; direction: number },
    compose: (message: Id) => Promise<AccessReply>,
    onChange: () => void = () => {},
    left: LeftDraft | null = null,
  ): Promise<Draft> {
    const again = left && (await emptied(where, left, compose));
    const message = again ? left.message : newId();
    return new Draft(where, who.organisation, who.direction, message, again ?? (await compose(message)), onChange);
  }

  // --- attachments ---

  /** Why a file cannot be attached, or null. The limits are the server's: `access`. */
  refusal(file: File): 'file-too-large' | 'too-many-files' | null {
    if (file.size > this.access.attachment_bytes_max) return 'file-too-large';
    return this.attachments.length + 2 > this.access.parts_max ? 'too-many-files' : null;
  }

  /** Begins to seal and send it at once. Ask refusal() first. */
  attach(file: File): Outgoing {
    if (this.refusal(file)) throw new Failure('too-large');
    const outgoing = new Outgoing(file, this.freePart(), this.sealing(), this.onChange);
    this.attachments = [...this.attachments, outgoing];
    this.startNext();
    this.onChange();
    return outgoing;
  }

  async remove(outgoing: Outgoing): Promise<void> {
    this.attachments = this.attachments.filter((each) => each !== outgoing);
    this.onChange();
    await outgoing.remove();
    this.startNext();
  }

  private readonly onPlace = (url: string): void => {
    this.places.push(url);
    this.onChange();
  };

  private sealing(): Sealing {
    const { where, organisation, message, direction, key } = this;
    const { onPlace, startNext: onWaiting } = this;
    return { where, organisation, message, direction, key, capability: this.access.capability, onPlace, onWaiting };
  }

  private freePart(): number {
    const taken = new Set(this.attachments.map((each) => each.part));
    let part = 1;
    while (taken.has(part)) part++;
    return part;
  }

  private readonly startNext = (): void => {
    const isBusy = (each: Outgoing): boolean => each.state === 'sending';
    const next = this.attachments.find((each) => each.state === 'waiting');
    if (!next || this.attachments.filter(isBusy).length >= SENDING_AT_ONCE) return;
    void next.run().then(this.startNext);
    this.startNext();
  };

  // --- packing ---

  /**
   * Waits for the attachments, closes gaps in their numbers, seals subject and header part. Called
   * again with the same content it gives the same bytes, so that a send whose answer was lost can be
   * repeated as the same send; with other content the header part is replaced.
   */
  async pack(content: { subject: string; body: string }): Promise<Packed> {
    const attachments = await this.settle();
    const of = JSON.stringify([content.subject, content.body, attachments.map(({ part, commitment }) => [part, toHex(commitment)])]);
    if (this.packed?.of !== of) this.packed = { of, is: await this.packAnew(content, attachments) };
    return this.packed.is;
  }

  private async packAnew(content: { subject: string; body: string }, attachments: Attachment[]): Promise<Packed> {
    const place = { organisation: this.organisation, message: this.message };
    const subject_sealed = await sealSubject(await subjectKeyOf(this.key), place, content.subject);
    const header = await this.sendHeader(content, attachments);
    const facts = ({ part, ciphertext_size, commitment }: Attachment): PartFacts => ({ number: part, ciphertext_size, commitment });
    return { message: this.message, key: this.key, subject_sealed, parts: [header, ...attachments.map(facts)] };
  }

  /** All of them sent and numbered 1, 2, 3 ... */
  private async settle(): Promise<Attachment[]> {
    for (const each of this.attachments) if (each.state === 'paused') each.resume();
    await Promise.all(this.attachments.filter((each) => each.state !== 'sent').map((each) => each.run()));
    for (let part = 1; part <= this.attachments.length; part++) {
      if (this.attachments.some((each) => each.part === part)) continue;
      const last = this.attachments.reduce((a, b) => (a.part > b.part ? a : b));
      await last.renumber(part);
    }
    const failed = this.attachments.find((each) => !each.facts);
    if (failed) throw failed.failure ?? new Failure('io');
    return this.attachments.map((each) => each.facts!).sort((a, b) => a.part - b.part);
  }

  private async sendHeader(content: { subject: string; body: string }, attachments: Attachment[]): Promise<PartFacts> {
    const place = { organisation: this.organisation, message: this.message, direction: this.direction, part: 0 };
    const sealed = await sealHeaderPart(this.key, place, makeManifest({ ...content, attachments }));
    await this.header?.takeBack();
    this.header = new PartSender(this.where, {
      part: 0,
      size: sealed.length,
      sealed: once(sealed),
      capability: this.access.capability,
      onPlace: this.onPlace,
    });
    this.header.start();
    await this.header.done;
    const commitment = sealed.slice(SALT_BYTES, SALT_BYTES + COMMITMENT_BYTES);
    return { number: 0, ciphertext_size: sealed.length, commitment };
  }
}
