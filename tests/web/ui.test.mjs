// An organisation's colour stays readable; times, numbers and sizes are the reader's.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './support/load.mjs';

globalThis.document = { documentElement: { lang: '' } };
Object.defineProperty(globalThis, 'navigator', { value: { languages: ['nl-NL'] }, configurable: true });
process.env.TZ = 'Europe/Amsterdam';
const web = await load('web/ui/theme.ts', 'web/ui/format.ts', 'web/ui/language.ts');

const parse = (css) => css.match(/\d+/g).map(Number);
const WHITE = [255, 255, 255];

test('text on every colour, and links in it on white, have a contrast of 4.5', () => {
  const steps = ['00', '33', '66', '80', '99', 'cc', 'ff'];
  for (const r of steps) for (const g of steps) for (const b of steps) {
    const theme = web.themeOf(`#${r}${g}${b}`);
    assert.ok(web.contrast(parse(theme.colour), parse(theme.contrast)) >= 4.45, `#${r}${g}${b} ${JSON.stringify(theme)}`);
    assert.ok(web.contrast(parse(theme.dark), WHITE) >= 4.45, `#${r}${g}${b} ${JSON.stringify(theme)}`);
  }
});

test('what is no colour is none', () => {
  for (const each of ['', 'red', '#fff', '#12345', '#1234567', 'url(x)', '#12345g', '#123456;x:y']) assert.equal(web.themeOf(each), null);
});

test('a reader of Dutch sees Dutch forms, and his own zone', () => {
  const format = web.formatOf('nl');
  const at = Date.UTC(2026, 10, 24, 13, 5);
  assert.equal(format.dateTime(at), '24 november 2026 om 14:05');
  assert.equal(format.time(at), '14:05');
  assert.equal(format.number(1234567.5), '1.234.567,5');
  assert.equal(format.bytes(0), '0 byte');
  assert.equal(format.bytes(1_234_567), '1,2 MB');
  assert.equal(format.bytes(50_000_000), '50 MB');
  assert.equal(format.percent(0.425), '43%');
  assert.equal(format.relative(at, at + 3 * 86_400_000), '3 dagen geleden');
  assert.equal(format.relative(at, at + 20_000), 'nu');
});

test('a reader of English sees British forms', () => {
  const format = web.formatOf('en');
  const at = Date.UTC(2026, 10, 24, 13, 5);
  assert.match(format.dateTime(at), /^24 November 2026 at 14:05$/);
  assert.equal(format.number(1234567.5), '1,234,567.5');
  assert.equal(format.relative(at + 7_200_000, at), 'in 2 hours');
});

test('the language is the browser’s, until somebody chooses', () => {
  assert.equal(web.language(), 'nl');
  assert.equal(document.documentElement.lang, 'nl');
  web.suggestLanguage('en');
  assert.equal(web.language(), 'en');
  web.suggestLanguage('fr');
  assert.equal(web.language(), 'en');
});
