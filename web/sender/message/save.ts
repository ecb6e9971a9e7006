// A file that was decrypted, to the reader's own folder: never opened here, always as a download.

import { savedName } from '../../client/file_name';

const KEEP_MS = 60_000;

export function saveAs(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = savedName(name);
  document.body.append(link);
  link.click();
  link.remove();
  // Safari reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS);
}
