// A file's name as somebody else chose it, made fit to be shown and to be saved under on any system.

import { fileNameOf } from './outgoing';

/** Names that Windows keeps for devices, whatever ending follows. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i;
// Signs without a width, and those that turn the direction: they hide what an ending is.
const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u2060-\u2064\ufeff]/g;

/** Never a path, hidden, a device's, or one that shows another ending than it has. */
export function savedName(name: string): string {
  const visible = fileNameOf(name).replace(INVISIBLE, '').replace(/[<>:"|?*]/g, '_');
  const trimmed = visible.replace(/^[\s.]+/, '').replace(/[\s.]+$/, '');
  return DEVICE.test(trimmed) ? `_${trimmed}` : trimmed || '_';
}

/** "pdf" of "a.b.PDF"; '' for none. */
export function endingOf(name: string): string {
  const found = /[^.]\.([A-Za-z0-9]{1,10})$/.exec(name);
  return found ? found[1]!.toLowerCase() : '';
}
