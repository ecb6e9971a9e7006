// A log checked while it comes, as docs/audit-format.md says: every hash, the chain, the tree, what
// is disclosed, and the signed head. securemail-verify checks the same in code of its own, and the
// signatures of all checkpoints too.

import { bigEndian, equal, fromBase64url, fromHex, toHex, utf8 } from '../envelope/bytes';
import { Sha256 } from '../envelope/sha256';

export const LOG_FAULTS = ['form', 'order', 'entry', 'chain', 'disclosure', 'head', 'signature', 'shorter', 'other-history'] as const;
export type LogFault = (typeof LOG_FAULTS)[number];

export interface Found {
  fault: LogFault;
  /** The entry at which it shows; 0: the log as a whole. */
  seq: number;
}

export interface LogVerdict {
  entries: number;
  faults: Found[];
  /** false: this browser cannot check Ed25519. */
  isSignatureChecked: boolean;
  /** The kept checkpoint was compared, and stands in this log. */
  isAnchored: boolean;
  /** The head, to be kept elsewhere. */
  note: string;
}

/** Size and root of a C2SP checkpoint; null for any other text. */
export interface Checkpoint {
  origin: string;
  size: number;
  root: Uint8Array;
}

/** Of one kind: after a change every later head is wrong too. */
const ALIKE_MAX = 3;
const ENTRY = utf8('securemail/1 entry\0');
const COMMITMENT = utf8('securemail/1 commitment');
const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);
const NOTE = /^(securemail\/[0-9a-f]{32})\n(\d{1,15})\n([A-Za-z0-9+/]{43}=)\n\n\u2014 \1 ([A-Za-z0-9+/]{91}=)\n$/;

const fromBase64 = (text: string): Uint8Array => fromBase64url(text.replace(/=+$/, '').replaceAll('+', '-').replaceAll('/', '_'));

function sha256(...parts: Uint8Array[]): Uint8Array {
  const digest = new Sha256();
  for (const part of parts) digest.add(part);
  return digest.finish();
}

/** Lines of an address field or a mail are often indented, and end otherwise: that is forgiven. */
export function readCheckpoint(text: string): Checkpoint | null {
  const lines = text.trim().split(/\r?\n/).map((line) => line.trim());
  const found = NOTE.exec(`${lines.join('\n')}\n`);
  try {
    return found && { origin: found[1]!, size: Number(found[2]), root: fromBase64(found[3]!) };
  } catch {
    return null;
  }
}

/** RFC 6962's tree, grown leaf by leaf: the peaks are those of a binary counter. */
class Tree {
  private readonly peaks: { height: number; hash: Uint8Array }[] = [];

  add(entry: Uint8Array): void {
    let fresh = { height: 0, hash: sha256(LEAF, entry) };
    while (this.peaks[this.peaks.length - 1]?.height === fresh.height)
      fresh = { height: fresh.height + 1, hash: sha256(NODE, this.peaks.pop()!.hash, fresh.hash) };
    this.peaks.push(fresh);
  }

  root(): Uint8Array {
    if (this.peaks.length === 0) return sha256();
    return this.peaks.map(({ hash }) => hash).reduceRight((right, left) => sha256(NODE, left, right));
  }
}

type Members = Record<string, unknown>;
const isMembers = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf = (value: unknown): Members[] => (Array.isArray(value) ? value.filter(isMembers) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function opens(disclosure: Members, personal: Members[]): boolean {
  const { place, name, value, salt } = disclosure;
  const committed = personal[Number(place)];
  if (!committed || typeof name !== 'string' || typeof value !== 'string' || committed['name'] !== name) return false;
  if (!/^[0-9a-f]{64}$/.test(textOf(salt))) return false;
  const named = utf8(name);
  return toHex(sha256(COMMITMENT, fromHex(textOf(salt)), bigEndian(named.length, 4), named, utf8(value))) === committed['commitment'];
}

/** null: this browser has no Ed25519. */
async function isSignedBy(publicKey: Uint8Array, note: string): Promise<boolean | null> {
  const found = NOTE.exec(note);
  if (!found) return false;
  const covered = utf8(`${found[1]}\n${found[2]}\n${found[3]}\n`);
  const signature = fromBase64(found[4]!).slice(4) as Uint8Array<ArrayBuffer>;
  try {
    const key = await crypto.subtle.importKey('raw', publicKey as Uint8Array<ArrayBuffer>, { name: 'Ed25519' }, false, ['verify']);
    return await crypto.subtle.verify({ name: 'Ed25519' }, key, signature, covered);
  } catch {
    return null;
  }
}

export class LogCheck {
  private readonly faults: Found[] = [];
  private readonly tree = new Tree();
  private entries = 0;
  private lastHash = '0'.repeat(64);
  private header: Members | null = null;
  private footer: Members | null = null;
  private isAnchored = false;

  /** `kept`: a checkpoint of this log that was kept elsewhere. */
  constructor(private readonly kept: Checkpoint | null = null) {}

  private fault(fault: LogFault, seq = this.entries): void {
    if (this.faults.filter((each) => each.fault === fault).length < ALIKE_MAX) this.faults.push({ fault, seq });
  }

  add(line: string): void {
    let members: unknown;
    try {
      members = JSON.parse(line);
    } catch {
      return this.fault('form');
    }
    if (!isMembers(members) || this.footer) return this.fault('form');
    // One spelling for each line: written again it is the same.
    if (JSON.stringify(members) !== line) return this.fault('form');
    const type = members['type'];
    if (type === 'header') this.addHeader(members);
    else if (!this.header) this.fault('form');
    else if (type === 'entry') this.addEntry(members);
    else if (type === 'checkpoint') this.checkHead(members['size'], members['note']);
    else if (type === 'footer') this.footer = members;
    else this.fault('form');
  }

  private addHeader(members: Members): void {
    if (this.header || members['format'] !== 'securemail-audit-log' || members['version'] !== 1) this.fault('form');
    this.header = members;
    if (this.kept && this.kept.origin !== this.origin()) this.fault('other-history', 0);
    if (this.kept?.size === 0) this.compareKept();
  }

  private origin(): string {
    return `securemail/${textOf(this.header?.['organisation'])}`;
  }

  private addEntry(line: Members): void {
    const { entry, seq, hash, disclosures } = line;
    this.entries++;
    if (seq !== this.entries) this.fault('order');
    if (!isMembers(entry)) return this.fault('form');
    const bytes = utf8(JSON.stringify(entry));
    this.tree.add(bytes);
    if (entry['seq'] !== this.entries || entry['organisation'] !== this.header!['organisation']) this.fault('order');
    if (toHex(sha256(ENTRY, bytes)) !== hash) this.fault('entry');
    if (entry['prev'] !== this.lastHash) this.fault('chain');
    if (!listOf(disclosures).every((each) => opens(each, listOf(entry['personal'])))) this.fault('disclosure');
    this.lastHash = textOf(hash);
    if (this.kept?.size === this.entries) this.compareKept();
  }

  private compareKept(): void {
    this.isAnchored = equal(this.tree.root(), this.kept!.root) && this.kept!.origin === this.origin();
    if (!this.isAnchored) this.fault('other-history');
  }

  private checkHead(size: unknown, note: unknown): void {
    const head = readCheckpoint(textOf(note));
    const isRight = head && head.size === size && head.size === this.entries && head.origin === this.origin() && equal(head.root, this.tree.root());
    if (!isRight) this.fault('head');
  }

  private checkFooter(footer: Members): void {
    if (footer['count'] !== this.entries || footer['count'] !== this.header?.['last_seq'] || footer['hash'] !== this.lastHash) this.fault('head');
    if (footer['root'] !== toHex(this.tree.root())) this.fault('head');
    this.checkHead(footer['count'], footer['note']);
  }

  private async checkSignature(note: string): Promise<boolean> {
    const key = textOf(listOf(this.header?.['keys'])[0]?.['public_key']);
    const isSigned = /^[0-9a-f]{64}$/.test(key) ? await isSignedBy(fromHex(key), note) : false;
    if (isSigned === false) this.fault('signature', 0);
    return isSigned !== null;
  }

  /** After the last line. */
  async finish(): Promise<LogVerdict> {
    if (!this.footer) this.fault('form');
    else this.checkFooter(this.footer);
    if (this.kept && this.kept.size > this.entries) this.fault('shorter', 0);
    const note = textOf(this.footer?.['note']);
    const isSignatureChecked = await this.checkSignature(note);
    return { entries: this.entries, faults: this.faults, isSignatureChecked, isAnchored: this.isAnchored, note };
  }
}
