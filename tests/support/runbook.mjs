// What docs/runbook.md has the operator type, for the tests that run it. tests/support/runbook-holds.mjs sees by these
// names which block and which line is run.

import fs from 'node:fs';
import path from 'node:path';

import { TOP } from '../../dev/stack.mjs';

const page = () => fs.readFileSync(path.join(TOP, 'docs', 'runbook.md'), 'utf8');

// The commands of the block that begins with ```sh tested=NAME.
export function runbookBlock(name) {
  const block = page().match(new RegExp(`^\`\`\`sh tested=${name}\\n([^]*?)^\`\`\``, 'm'));
  if (!block) throw new Error(`docs/runbook.md has no block tested=${name}`);
  return block[1];
}

// A command that stands within a sentence there, between backquotes; `words` are put in the place of its words in capitals.
export function runbookLine(line, words = {}) {
  if (!page().includes(`\`${line}\``)) throw new Error(`docs/runbook.md does not say \`${line}\``);
  return line.replace(/\b[A-Z]+\b/g, (word) => words[word] ?? word);
}
