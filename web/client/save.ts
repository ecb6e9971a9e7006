// Hands a file to the browser's own downloads: as bytes, so that no browser opens it in this page.

/** The browser has taken it long before this; until then the address must live. */
const ADDRESS_MS = 60_000;

export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(new Blob([content], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), ADDRESS_MS);
}
