// What the pages' stylesheet loses is what no page can use, and nothing else.

import assert from 'node:assert/strict';
import test from 'node:test';

import { prune, selectorsOf, usedClasses } from '../../web/prune_css.mjs';

const isUsed = (...names) => (name) => names.includes(name);

test('a rule stays for the selectors whose classes are all used', () => {
  assert.equal(prune('.a{x:1}.b{x:2}.a,.b{x:3}.a.b{x:4}p{x:5}', isUsed('a')), '.a{x:1}.a{x:3}p{x:5}');
});

test('what stands in a condition is looked at, and an empty condition goes', () => {
  assert.equal(prune('@media print{.a{x:1}.b{x:2}}@media (hover){.b{x:1}}@font-face{src:y}', isUsed('a')), '@media print{.a{x:1}}@font-face{src:y}');
});

test('classes in parentheses exclude nothing, and commas in them part nothing', () => {
  assert.deepEqual(selectorsOf('.a:is(.b, .c), .d'), ['.a:is(.b, .c)', '.d']);
  assert.equal(prune('.a:not(.b, .c){x:1}', isUsed('a')), '.a:not(.b, .c){x:1}');
});

test('a class that a source puts together keeps all that begin so', () => {
  const keeps = usedClasses(['<p class={`u-alert u-alert--${kind}`}>', '"u-link"'], 'u-');
  assert.deepEqual(['u-alert', 'u-alert--error', 'u-link', 'u-link--hover', 'u-alerts'].map(keeps), [true, true, true, false, false]);
});

test('a stylesheet that is cut is refused, not served', () => {
  assert.throws(() => prune('.a{x:1', isUsed('a')), /cut/);
  assert.throws(() => prune('.a{x:1}.b', isUsed('a')), /ends in/);
});
