// An opened message: its header part now, its attachments when they are asked for.

import { Tampered, concat } from '../envelope/bytes';
import { type Attachment, type Manifest, openHeaderPart } from '../envelope/manifest';
import type { ContentReply } from '../protocol/protocol';
import { type Access, type DownloadOptions, downloadAttachment, partBytes, placeOf } from './download';
import { Failure } from './failure';
import type { Where } from './http';

export class Content {
  private constructor(
    private readonly where: Where,
    private readonly access: Access,
    readonly manifest: Manifest,
  ) {}

  /** Fetches and opens the header part. `renew` releases the key again, for a long stay. */
  static async open(where: Where, content: ContentReply, renew: () => Promise<ContentReply>): Promise<Content> {
    const access = { content, renew };
    return new Content(where, access, await openHeader(where, access));
  }

  get reply(): ContentReply {
    return this.access.content;
  }

  download(attachment: Attachment, options?: DownloadOptions): Promise<Blob> {
    return downloadAttachment(this.where, this.access, attachment, options);
  }
}

async function openHeader(where: Where, access: Access): Promise<Manifest> {
  const facts = access.content.parts[0]!;
  const blocks: Uint8Array[] = [];
  try {
    for await (const block of partBytes(where, access, 0, facts.ciphertext_size)) blocks.push(block);
    const manifest = await openHeaderPart(access.content.key, placeOf(access.content, 0), concat(...blocks));
    checkParts(manifest, access.content);
    return manifest;
  } catch (error) {
    if (!(error instanceof Tampered)) throw error;
    throw new Failure('tampered', { reason: error.message });
  }
}

/** A dropped, added or resized attachment: the manifest is what the sender wrote. */
function checkParts(manifest: Manifest, content: ContentReply): void {
  const isSame =
    manifest.attachments.length + 1 === content.parts.length &&
    manifest.attachments.every((each) => content.parts[each.part]?.ciphertext_size === each.ciphertext_size);
  if (!isSame) throw new Tampered('the server has other attachments than the sender sent');
}
