// The body with buttons that write the signs of the simple formatting, and a look at how it will be.

import { useRef, useState } from 'preact/hooks';

import { Button } from '../../ui/button';
import { TextArea } from '../../ui/field';
import { Formatted } from '../../ui/formatted';
import { useTexts } from '../../ui/language';
import { texts } from './texts';
import type { Writing } from './writing';

type Sign = 'bold' | 'italic' | 'list' | 'numbers' | 'link';
const SIGNS: readonly Sign[] = ['bold', 'italic', 'list', 'numbers', 'link'];

interface Edit {
  start: number;
  end: number;
  replacement: string;
  /** What is selected afterwards, within the replacement. */
  selection: readonly [number, number];
}

function around(text: string, start: number, end: number, sign: string): Edit {
  const inner = text.slice(start, end);
  return { start, end, replacement: sign + inner + sign, selection: [sign.length, sign.length + inner.length] };
}

/** Whole lines get the sign before them. */
function lines(text: string, start: number, end: number, sign: (index: number) => string): Edit {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const replacement = text.slice(from, end).split('\n').map((line, index) => sign(index) + line).join('\n');
  return { start: from, end, replacement, selection: [replacement.length, replacement.length] };
}

function link(text: string, start: number, end: number, words: string): Edit {
  const inner = text.slice(start, end) || words;
  const head = `[${inner}](`;
  return { start, end, replacement: `${head}https://)`, selection: [head.length, head.length + 'https://'.length] };
}

function editOf(sign: Sign, text: string, start: number, end: number, words: string): Edit {
  switch (sign) {
    case 'bold':
      return around(text, start, end, '**');
    case 'italic':
      return around(text, start, end, '*');
    case 'list':
      return lines(text, start, end, () => '- ');
    case 'numbers':
      return lines(text, start, end, (index) => `${index + 1}. `);
    case 'link':
      return link(text, start, end, words);
  }
}

export function BodyField({ writing, error }: { writing: Writing; error: string | undefined }) {
  const t = useTexts(texts);
  const box = useRef<HTMLDivElement>(null);
  const [isPreview, setPreview] = useState(false);
  const write = (sign: Sign): void => {
    const area = box.current?.querySelector('textarea');
    if (!area) return;
    const { value } = area;
    const edit = editOf(sign, value, area.selectionStart, area.selectionEnd, t.linkText);
    const [from, to] = edit.selection;
    // In the field at once, so that what is typed next stands at the right place.
    area.value = value.slice(0, edit.start) + edit.replacement + value.slice(edit.end);
    area.focus();
    area.setSelectionRange(edit.start + from, edit.start + to);
    writing.set({ body: area.value });
  };
  return (
    <div ref={box}>
      {isPreview ? (
        <>
          <p class="utrecht-form-label preview__label">{t.body}</p>
          <div class="preview" role="region" aria-label={t.preview}>
            {writing.body.trim() ? <Formatted text={writing.body} /> : <p class="quiet">{t.nothingYet}</p>}
          </div>
        </>
      ) : (
        <TextArea label={t.body} rows={10} value={writing.body} onInput={(body) => writing.set({ body })} error={error} />
      )}
      <div class="tools" role="group" aria-label={t.formatting}>
        {!isPreview &&
          SIGNS.map((sign) => (
            <button key={sign} type="button" class={`tool tool--${sign}`} onClick={() => write(sign)}>
              {t[sign]}
            </button>
          ))}
        <Button kind="subtle" onClick={() => setPreview(!isPreview)}>
          {isPreview ? t.write : t.preview}
        </Button>
      </div>
    </div>
  );
}
