// The simple formatting of a body, read from its text into plain data; formatted.tsx draws it.
//
//   **bold**   *italic* or _italic_   - a list   1. a numbered list   https://... and [words](https://...)
//
// No HTML is read and none is made. What is not exactly one of these is text, and a sign after a
// backslash is that sign. One pass, without looking back: the time grows with the length of the text
// and with nothing else, whoever wrote it.

export type Run =
  | { kind: 'text'; text: string; isBold: boolean; isItalic: boolean }
  | { kind: 'link'; text: string; href: string; host: string; isBold: boolean; isItalic: boolean }
  | { kind: 'break' };

export type Block =
  | { kind: 'paragraph'; runs: Run[] }
  | { kind: 'list'; isNumbered: boolean; start: number; items: Run[][] };

/** More signs than a person writes: drawing each of them would stop a phone. */
const TOKENS_MAX = 20_000;

class TooMany extends Error {}

/** What is left of TOKENS_MAX while a text is read. */
interface Budget {
  tokens: number;
}

function spend(budget: Budget): void {
  if (--budget.tokens < 0) throw new TooMany();
}

// --- links ---

const LINK_TARGET = /^(?:https:\/\/|mailto:|tel:)/i;
const MAILTO = /^mailto:[^\s?&@:/]{1,64}@[^\s?&@:/]{1,255}$/i;
const TEL = /^tel:\+?[0-9().-]{2,30}$/i;

/** Where a link may lead, and what to call that place; null for anywhere else. */
export function linkOf(target: string): { href: string; host: string } | null {
  if (!LINK_TARGET.test(target)) return null;
  if (MAILTO.test(target) || TEL.test(target)) return { href: target, host: target.slice(target.indexOf(':') + 1) };
  try {
    const url = new URL(target);
    // "https://bank.example@evil.example/" is written to be misread.
    if (url.protocol !== 'https:' || url.username || url.password || !url.host) return null;
    return { href: url.href, host: url.host };
  } catch {
    return null;
  }
}

// --- signs within a line ---

type Token = { kind: 'text'; text: string } | { kind: 'break' } | { kind: 'link'; text: string; href: string; host: string } | Mark;

interface Mark {
  kind: 'mark';
  text: string;
  style: 'bold' | 'italic';
  canOpen: boolean;
  canClose: boolean;
  /** Set when it found its other half. */
  role: 'open' | 'close' | null;
}

const WORDS_LINK = /\[([^[\]\n]{1,300})\]\(([^\s()<>[\]]{1,2000})\)/y;
const BARE_LINK = /https:\/\/[^\s<>"]{1,2000}/y;
const TRAILING = /[.,;:!?'*_)\]]{1,20}$/;
const MARK = /\*\*|\*|_/y;
const PLAIN = /(?:[^\\[*_h\n]|h(?!ttps:\/\/))+/y;
const WORD = /[\p{L}\p{N}]/u;
const SPACE = /\s/;

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** A mark holds on to a word: "2 * 3 * 4", "****" and file_name_2 stay as they are. */
function markAt(text: string, at: number, sign: string): Mark {
  const before = text[at - 1] ?? ' ';
  const after = text[at + sign.length] ?? ' ';
  const isFree = (near: string): boolean => SPACE.test(near) || near === sign[0];
  return {
    kind: 'mark',
    text: sign,
    style: sign === '**' ? 'bold' : 'italic',
    canOpen: !isFree(after) && !WORD.test(before),
    canClose: !isFree(before) && !WORD.test(after),
    role: null,
  };
}

/** The token at a sign, and how many characters it takes; a sign that begins nothing is itself. */
function tokenAt(text: string, at: number): [Token, number] {
  const sign = text[at]!;
  if (sign === '\n') return [{ kind: 'break' }, 1];
  if (sign === '\\' && /[\\*_[\]-]/.test(text[at + 1] ?? '')) return [{ kind: 'text', text: text[at + 1]! }, 2];
  if (sign === '[') {
    const found = match(WORDS_LINK, text, at);
    const link = found && linkOf(found[2]!);
    if (link) return [{ kind: 'link', text: found[1]!, ...link }, found[0].length];
  }
  if (sign === 'h' && !WORD.test(text[at - 1] ?? ' ')) {
    const found = match(BARE_LINK, text, at);
    const written = found?.[0].replace(TRAILING, '') ?? '';
    const link = linkOf(written);
    if (link) return [{ kind: 'link', text: written, ...link }, written.length];
    if (found) return [{ kind: 'text', text: found[0] }, found[0].length];
  }
  const mark = match(MARK, text, at);
  return mark ? [markAt(text, at, mark[0]), mark[0].length] : [{ kind: 'text', text: sign }, 1];
}

function tokensOf(text: string, budget: Budget): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < text.length; ) {
    spend(budget);
    const plain = match(PLAIN, text, at);
    const [token, length]: [Token, number] = plain ? [{ kind: 'text', text: plain[0] }, plain[0].length] : tokenAt(text, at);
    tokens.push(token);
    at += length;
  }
  return tokens;
}

/** Gives each mark its other half. At most one bold and one italic are open, so there is nothing to search. */
function pair(tokens: Token[]): void {
  let open: Mark[] = [];
  for (const token of tokens) {
    if (token.kind !== 'mark') continue;
    const at = open.findIndex((each) => each.text === token.text);
    if (at >= 0 && token.canClose) {
      open[at]!.role = 'open';
      token.role = 'close';
      open = open.slice(0, at); // what was opened within and not closed is text
    } else if (token.canOpen && !open.some((each) => each.style === token.style)) {
      open.push(token);
    }
  }
}

function runsOf(text: string, budget: Budget): Run[] {
  const tokens = tokensOf(text, budget);
  pair(tokens);
  const runs: Run[] = [];
  const style = { isBold: false, isItalic: false };
  for (const token of tokens) {
    const last = runs[runs.length - 1];
    if (token.kind === 'mark' && token.role) style[token.style === 'bold' ? 'isBold' : 'isItalic'] = token.role === 'open';
    else if (token.kind === 'break') runs.push(token);
    else if (token.kind === 'link') runs.push({ ...token, ...style });
    else if (last?.kind === 'text' && last.isBold === style.isBold && last.isItalic === style.isItalic) last.text += token.text;
    else runs.push({ kind: 'text', text: token.text, ...style });
  }
  return runs;
}

// --- lines ---

const BULLET = /^ {0,3}[-*•] +(?=\S)/;
const NUMBER = /^ {0,3}(\d{1,4})[.)] +(?=\S)/;
const CONTINUED = /^ {2,}(?=\S)/;

interface Lines {
  kind: 'paragraph' | 'bullets' | 'numbers';
  start: number;
  /** One text for a paragraph, one an item for a list. */
  texts: string[][];
}

/** Lines that belong together; an empty line ends what came before it. */
function group(text: string): Lines[] {
  const groups: Lines[] = [];
  let current = null as Lines | null;
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (!line.trim()) {
      current = null;
      continue;
    }
    const number = NUMBER.exec(line);
    const found = number ?? BULLET.exec(line);
    const kind = number ? 'numbers' : found ? 'bullets' : 'paragraph';
    const content = found ? line.slice(found[0].length) : line;
    if (!found && current && (current.kind === 'paragraph' || CONTINUED.test(line))) {
      current.texts[current.texts.length - 1]!.push(current.kind === 'paragraph' ? line : line.trim());
    } else if (found && current?.kind === kind) {
      current.texts.push([content]);
    } else {
      current = { kind, start: number ? Number(number[1]) : 1, texts: [[content]] };
      groups.push(current);
    }
  }
  return groups;
}

function blockOf({ kind, start, texts }: Lines, budget: Budget): Block {
  const items = texts.map((lines) => runsOf(lines.join('\n'), budget));
  return kind === 'paragraph' ? { kind, runs: items[0]! } : { kind: 'list', isNumbered: kind === 'numbers', start, items };
}

/** null: so many signs that it had better be shown as it was written. */
export function readFormatted(text: string): Block[] | null {
  const budget = { tokens: TOKENS_MAX };
  try {
    return group(text).map((each) => blockOf(each, budget));
  } catch (error) {
    if (error instanceof TooMany) return null;
    throw error;
  }
}
