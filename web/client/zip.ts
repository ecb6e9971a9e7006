// Files in one file: a zip archive that compresses nothing (attachments mostly are compressed). The
// content is not copied: the archive is a Blob of the given Blobs with heads between them, so memory
// stays flat. Names are UTF-8; no zip64, so an archive ends below 4 GiB and below 65,536 files.
// Form: PKWARE's APPNOTE 6.3.

import { type Bytes, concat, utf8 } from '../envelope/bytes';
import { blocksOf } from './blocks';
import { Failure } from './failure';

export interface ZipFile {
  /** Unique, with / between folders. */
  name: string;
  content: Blob;
}

const SIZE_MAX = 0xffffffff;
const FILES_MAX = 0xffff;
const VERSION = 20;
/** Names are UTF-8. */
const FLAGS = 0x0800;
const STORED = 0;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++) crc = CRC_TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}

type Field = readonly [bytes: 2 | 4, value: number];

function littleEndian(...fields: Field[]): Bytes {
  const out = new Uint8Array(fields.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of fields) for (let i = 0; i < bytes; i++) out[at++] = Math.floor(value / 2 ** (8 * i)) & 0xff;
  return out;
}

/** Local time, two seconds exact, years 1980 to 2107. */
function dosTime(when: Date): Field[] {
  const year = Math.min(Math.max(when.getFullYear(), 1980), 2107);
  const time = (when.getHours() << 11) | (when.getMinutes() << 5) | (when.getSeconds() >> 1);
  return [[2, time], [2, ((year - 1980) << 9) | ((when.getMonth() + 1) << 5) | when.getDate()]];
}

interface Entry {
  name: Bytes;
  /** What both heads of a file say. */
  facts: Field[];
  size: number;
}

async function entryOf(file: ZipFile, when: Date): Promise<Entry> {
  let crc = 0;
  for await (const block of blocksOf(file.content)) crc = crc32(block, crc);
  const { size } = file.content;
  const name = utf8(file.name);
  const facts: Field[] = [[2, VERSION], [2, FLAGS], [2, STORED], ...dosTime(when), [4, crc], [4, size], [4, size], [2, name.length], [2, 0]];
  return { name, facts, size };
}

const localHead = ({ name, facts }: Entry): Bytes => concat(littleEndian([4, 0x04034b50], ...facts), name);

const centralHead = ({ name, facts }: Entry, offset: number): Bytes =>
  concat(littleEndian([4, 0x02014b50], [2, VERSION], ...facts, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]), name);

/** Failure('too-large') for what the form cannot hold. */
export async function zipOf(files: readonly ZipFile[], when: Date): Promise<Blob> {
  const pieces: BlobPart[] = [];
  const directory: Bytes[] = [];
  let offset = 0;
  if (files.length > FILES_MAX) throw new Failure('too-large');
  for (const file of files) {
    const entry = await entryOf(file, when);
    const head = localHead(entry);
    pieces.push(head, file.content);
    directory.push(centralHead(entry, offset));
    offset += head.length + entry.size;
    if (offset > SIZE_MAX) throw new Failure('too-large');
  }
  const size = directory.reduce((sum, each) => sum + each.length, 0);
  if (offset + size > SIZE_MAX) throw new Failure('too-large');
  const end = littleEndian([4, 0x06054b50], [2, 0], [2, 0], [2, files.length], [2, files.length], [4, size], [4, offset], [2, 0]);
  return new Blob([...pieces, ...directory, end], { type: 'application/zip' });
}

/** Names that are not taken yet: "a.txt", "a (2).txt"; upper and lower case are the same to some. */
export function uniqueNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const dot = name.lastIndexOf('.');
    const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ''];
    let unique = name;
    for (let count = 2; taken.has(unique.toLowerCase()); count++) unique = `${stem} (${count})${ending}`;
    taken.add(unique.toLowerCase());
    return unique;
  });
}
