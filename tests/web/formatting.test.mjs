// The simple formatting of a body: what is read, what stays text, where a link may lead, and that no
// text, however hostile, costs more time than its length.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './support/load.mjs';

const { readFormatted, linkOf } = await load('web/ui/formatting.ts');

// A short notation of what was read: *b*, /i/, <href|words>, ~ for a line break.
const shown = (run) => {
  if (run.kind === 'break') return '~';
  let out = run.kind === 'link' ? `<${run.href}|${run.text}>` : run.text;
  if (run.isItalic) out = `/${out}/`;
  return run.isBold ? `*${out}*` : out;
};
const line = (runs) => runs.map(shown).join('');
const blocks = (text) =>
  readFormatted(text).map((block) =>
    block.kind === 'paragraph' ? line(block.runs) : `${block.isNumbered ? `#${block.start}` : '-'}[${block.items.map(line).join('|')}]`);
const one = (text) => blocks(text).join('\n');

test('bold, italic and both are read', () => {
  assert.equal(one('a **bold** word'), 'a *bold* word');
  assert.equal(one('an *italic* and an _italic_ word'), 'an /italic/ and an /italic/ word');
  assert.equal(one('**bold and _both_ here**'), '*bold and **/both/** here*');
  assert.equal(one('over **two\nlines**'), 'over *two*~*lines*');
});

test('signs that hold on to no word stay text', () => {
  for (const text of ['2 * 3 * 4', 'file_name_2.txt', '5*3*2', '** nothing **', 'a ** b', '**open', 'close**', '_', '****', '*a_b', 'snake_case_']) assert.equal(one(text), text);
  assert.equal(one('*a **b* c**'), '/a **b/ c**');
  assert.equal(one('\\*as it is\\* \\[x\\]'), '*as it is* [x]');
});

test('lists are read, with their number, and end at an empty line', () => {
  assert.deepEqual(blocks('Take with you:\n- a card\n- **all** papers\n\nUntil then'), ['Take with you:', '-[a card|*all* papers]', 'Until then']);
  assert.deepEqual(blocks('3. three\n4. four\n   and more\n- other'), ['#3[three|four~and more]', '-[other]']);
  assert.deepEqual(blocks('-no list\n1.no list'), ['-no list~1.no list']);
});

test('links lead to https, mailto and tel, and nowhere else', () => {
  assert.equal(one('see https://clinic.example/a_b_c.'), 'see <https://clinic.example/a_b_c|https://clinic.example/a_b_c>.');
  assert.equal(one('[our page](https://clinic.example)'), '<https://clinic.example/|our page>');
  assert.equal(one('**[call](tel:+31-20-1234567)**'), '*<tel:+31-20-1234567|call>*');
  assert.equal(one('[write](mailto:ann@clinic.example)'), '<mailto:ann@clinic.example|write>');
  for (const target of [
    'javascript:alert(1)', 'JaVaScRiPt:alert(1)', 'java\nscript:alert(1)', ' javascript:1', '\u0001javascript:1', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd',
    'blob:https://a/b', 'http://clinic.example', '//clinic.example', '/m', '#x', 'https:evil', 'https://', 'https://bank.example@evil.example/', 'https://a:b@evil.example',
    'mailto:a@b?bcc=c@d', 'mailto:a@b&body=x', 'tel:*21*1#', 'tel:1;phone-context=x', 'https:\\\\evil.example', 'intent://x', 'ms-word:ofe|u|https://x', '',
  ])
    assert.equal(linkOf(target), null, target);
});

test('the host of a link is told as the browser will call it', () => {
  assert.equal(linkOf('https://xn--80ak6aa92e.com/').host, 'xn--80ak6aa92e.com');
  assert.equal(linkOf('https://\u0430pple.com/').host, 'xn--pple-43d.com');
  assert.equal(linkOf('HTTPS://Clinic.Example:8443/x').host, 'clinic.example:8443');
});

test('HTML is text', () => {
  for (const text of ['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '&lt;b&gt;', '<a href="javascript:alert(1)">x</a>', '[<img src=x>](javascript:alert(1))'])
    assert.equal(one(text), text);
});

test('no character is lost or made', () => {
  const text = '*a **b _c `d` [e](f) g\\h \u202e <i> https:/x h hh hhh _ __ ___ * ** *** \ud83d\ude00 end';
  assert.equal(one(text), text);
});

test('a megabyte of any sign is read in a time that grows with its length only', () => {
  const sizes = [1 << 17, 1 << 20];
  const hostile = [
    '*', '**', '_', '* a', '[', '[a](', '[a](b', '](', 'h', 'https://', 'https://h.example ', '\\', '\\*', '\n', '- \n', '- a\n', '1. a\n', '*a', 'a*', '**a _b ', '_a* ', ' ', '\r', '\u202e', '\ud83d', '**[a](https://b.example)** ',
    '    - a', '[a](https://' + 'b'.repeat(1990), 'https://x.example' + ')'.repeat(1900),
  ];
  for (const sign of hostile) {
    const [small, large] = sizes.map((size) => {
      const text = sign.repeat(Math.ceil(size / sign.length));
      const from = process.cpuUsage().user;
      readFormatted(text);
      return process.cpuUsage().user - from;
    });
    // Eight times the text. A quadratic reader would take 64 times as long: minutes, not seconds.
    assert.ok(large < 20_000_000, `${JSON.stringify(sign.slice(0, 20))}: ${small} then ${large} microseconds`);
  }
});

test('more elements than a person writes are shown as plain text', () => {
  assert.equal(readFormatted('a\n\n'.repeat(30_000)), null);
  assert.equal(readFormatted('**a** b '.repeat(30_000)), null);
  assert.notEqual(readFormatted('A long letter. '.repeat(60_000)), null);
});
