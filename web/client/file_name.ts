// A file's name as somebody else chose it, made fit to be shown and to be saved under on any system.

import { utf8 } from '../envelope/bytes';
import { isFileName } from '../envelope/manifest';
import { LIMITS } from '../protocol/protocol';

/** A name under which every system can save it; what cannot stand in one becomes a line. */
export function fileNameOf(name: string): string {
  let out = name.replace(/[/\\\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '_').replace(/\p{Surrogate}/gu, '_');
  while (utf8(out).length > LIMITS.FILE_NAME_BYTES_MAX) out = shortened(out);
  return isFileName(out) ? out : '_';
}

/** One letter less before the ending. */
function shortened(name: string): string {
  const dot = name.lastIndexOf('.');
  const stem = [...(dot > 0 && name.length - dot <= 10 ? name.slice(0, dot) : name)];
  const ending = dot > 0 && name.length - dot <= 10 ? name.slice(dot) : '';
  return stem.slice(0, -1).join('') + ending;
}

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
