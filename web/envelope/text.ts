// What text from outside may be: the rules of lib/base/text.h.

const UNPAIRED = /\p{Surrogate}/u;
// Controls, line and paragraph separators, and the signs that reorder what a reader sees.
const NOT_SHOWABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;
const CONTROL = '\u0000';

export function isText(text: string): boolean {
  return !UNPAIRED.test(text) && !text.includes(CONTROL);
}

/** Can be shown on one line, and shows what it is. */
export function isLine(text: string): boolean {
  return isText(text) && !NOT_SHOWABLE.test(text);
}

const ATOM = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~]+";
const LABEL = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const ADDRESS = new RegExp(`^(?=[^@]{1,64}@)${ATOM}(?:\\.${ATOM})*@(?=.{1,255}$)${LABEL}(?:\\.${LABEL})+$`);

/** An address that the server accepts: dot-atom, at least two labels, at most 254 bytes. */
export function isAddress(text: string): boolean {
  return text.length <= 254 && ADDRESS.test(text);
}
