// What a file really is, by its first bytes: only these few are ever shown, and as exactly this type,
// whatever its name or its sender says.

export type ShownType = 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp' | 'application/pdf';

const HEAD_BYTES = 16;
const ANY = -1;
const bytes = (text: string): number[] => [...text].map((each) => each.charCodeAt(0));

const MAGIC: readonly (readonly [ShownType, readonly number[]])[] = [
  ['image/png', [0x89, ...bytes('PNG\r\n\u001a\n')]],
  ['image/jpeg', [0xff, 0xd8, 0xff]],
  ['image/gif', bytes('GIF87a')],
  ['image/gif', bytes('GIF89a')],
  ['image/webp', [...bytes('RIFF'), ANY, ANY, ANY, ANY, ...bytes('WEBP')]],
  ['application/pdf', bytes('%PDF-')],
];

/** null: not one that is shown. */
export function kindOf(head: Uint8Array): ShownType | null {
  const fits = (magic: readonly number[]): boolean => magic.every((byte, i) => byte === ANY || head[i] === byte);
  return MAGIC.find(([, magic]) => fits(magic))?.[0] ?? null;
}

/** A logo is one of these, or is not shown. */
export function logoKind(image: Uint8Array): ShownType | null {
  const kind = kindOf(image);
  return kind === 'image/png' || kind === 'image/jpeg' ? kind : null;
}

export async function kindOfFile(file: Blob): Promise<ShownType | null> {
  return kindOf(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
}
