// The attachments of a message as this page has them: not asked for, on their way, whole and
// verified, or failed. Each comes at most once, whoever asks for it: saving, viewing, the copy.

import type { Content } from '../client/content';
import { isAbort, unlessCancelled } from '../client/failure';
import { savedName } from '../client/file_name';
import { type ShownType, kindOfFile } from '../client/kinds';
import type { Attachment } from '../envelope/manifest';

export interface Verified {
  content: Blob;
  /** Of its first bytes; null: can only be saved. */
  kind: ShownType | null;
  /** For showing, as exactly that kind; '' for what is only saved. */
  address: string;
}

export type FileState = { at: 'away' } | { at: 'coming'; bytes: number } | { at: 'here'; file: Verified } | { at: 'failed'; error: unknown };

export class ReceivedFile {
  state: FileState = { at: 'away' };
  readonly name: string;
  private coming: Promise<Verified> | null = null;
  private abort = new AbortController();

  constructor(
    private readonly content: Content,
    readonly attachment: Attachment,
    private readonly onChange: () => void,
  ) {
    this.name = savedName(attachment.name);
  }

  private become(state: FileState): void {
    this.state = state;
    this.onChange();
  }

  /** Rejected as an abort when it was cancelled. */
  get(): Promise<Verified> {
    this.coming ??= this.fetch().catch((error) => {
      this.coming = null;
      this.become(isAbort(error) ? { at: 'away' } : { at: 'failed', error });
      throw error;
    });
    return this.coming;
  }

  private async fetch(): Promise<Verified> {
    const { signal } = (this.abort = new AbortController());
    this.become({ at: 'coming', bytes: 0 });
    const onProgress = (bytes: number): void => this.become({ at: 'coming', bytes });
    const content = await this.content.download(this.attachment, { onProgress, signal });
    const kind = await kindOfFile(content);
    unlessCancelled(signal); // else it is saved all the same, or gets an address that nobody takes back
    const file = { content, kind, address: kind ? URL.createObjectURL(new Blob([content], { type: kind })) : '' };
    this.become({ at: 'here', file });
    return file;
  }

  cancel(): void {
    this.abort.abort();
  }

  /** When the message leaves the page. */
  forget(): void {
    this.cancel();
    if (this.state.at === 'here' && this.state.file.address) URL.revokeObjectURL(this.state.file.address);
  }
}
