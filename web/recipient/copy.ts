// "Save a copy": the message, its facts, what was replied, and every attachment, in one archive that
// any computer opens. The text is plain text, so that it can be read in twenty years and runs nothing.

import { savedName } from '../client/file_name';
import { type ZipFile, uniqueNames, zipOf } from '../client/zip';
import { toHex } from '../envelope/bytes';
import type { Manifest } from '../envelope/manifest';
import type { HelloReply } from '../protocol/protocol';
import type { Format } from '../ui/format';
import type { Entry } from './conversation';
import { factsOf } from './facts';
import type { ReceivedFile } from './files';
import type { RecipientTexts } from './texts';

interface CopyOf {
  hello: HelloReply;
  manifest: Manifest;
  files: readonly ReceivedFile[];
  /** What was opened of it comes along; the rest is named. */
  thread: readonly Entry[];
}

const LINE = '-'.repeat(72);

function entryText({ isOwn, row, told }: Entry, names: readonly string[], sender: string, t: RecipientTexts, format: Format): string {
  const time = format.dateTime(row.created_ms);
  const files = [...names, ...(told?.sentFiles ?? [])].map((name) => `- ${name}`);
  const content = told ? [...(isOwn || !told.subject ? [] : [told.subject]), told.body, ...files] : [t.copyNotShown];
  return [LINE, isOwn ? t.youWrote(time) : t.theyWrote(sender, time), '', ...content].join('\n');
}

/** A byte order mark and CRLF: Windows' editor reads it right as well. */
export function textOf({ hello, manifest, thread }: Omit<CopyOf, 'files'>, names: readonly string[], t: RecipientTexts, format: Format): string {
  const listed = manifest.attachments.map((each, i) => `- ${names[i]} (${format.bytes(each.size)})\n  SHA-256 (sealed): ${toHex(each.sha256)}`);
  const rest = names.slice(manifest.attachments.length);
  const entries = thread.map((each) => entryText(each, rest.splice(0, each.told?.files.length ?? 0), hello.sender_name, t, format));
  const parts = [
    t.copyFrom,
    '',
    manifest.subject || t.noSubject,
    '',
    ...factsOf(hello, t, format).map(([name, value]) => `${name}: ${value}`),
    LINE,
    '',
    manifest.body,
    '',
    ...(listed.length ? [LINE, t.attachments(format.number(listed.length)), ...listed] : []),
    ...entries,
    '',
  ];
  return `\ufeff${parts.join('\n').replace(/\r\n|\r|\n/g, '\r\n')}`;
}

/** Fetches what is not here yet. Rejected as an abort when one of them was cancelled. */
export async function makeCopy(copy: CopyOf, t: RecipientTexts, format: Format): Promise<{ name: string; content: Blob }> {
  const files = [...copy.files, ...copy.thread.flatMap((each) => each.told?.files ?? [])];
  const names = uniqueNames(files.map((file) => file.name));
  const contents: Blob[] = [];
  for (const file of files) contents.push((await file.get()).content);
  const text = new Blob([textOf(copy, names, t, format)]);
  const attachments = names.map((name, i): ZipFile => ({ name: `${t.copyFiles}/${name}`, content: contents[i]! }));
  const content = await zipOf([{ name: t.copyText, content: text }, ...attachments], new Date());
  const day = new Date(copy.hello.sent_ms).toISOString().slice(0, 10);
  return { name: savedName(`${t.copyName}-${day}.zip`), content };
}
