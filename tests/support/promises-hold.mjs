// docs/promises.md names tests: do they exist? `tests/x.mjs` "title" "title": the file holds each title as
// a test's name. Prints what does not; exit code 1 then. Usage: node tests/support/promises-hold.mjs

import fs from 'node:fs';

const page = fs.readFileSync('docs/promises.md', 'utf8');
const faults = [];
let named = 0;
for (const [, file, titles] of page.matchAll(/`(tests\/[^`]+)`((?:,? "[^"]+")*)/g)) {
  named++;
  if (!fs.existsSync(file)) {
    faults.push(`${file} does not exist`);
    continue;
  }
  const source = fs.readFileSync(file, 'utf8').replaceAll("\\'", "'");
  for (const [, title] of titles.matchAll(/"([^"]+)"/g))
    if (!['\'', '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`))) faults.push(`${file} has no test "${title}"`);
}
for (const [, link] of page.matchAll(/\]\(([^)#]+)\)/g)) if (!fs.existsSync(`docs/${link}`)) faults.push(`docs/${link} does not exist`);
if (named === 0) faults.push('no test is named at all');
for (const each of faults) console.log(`lint: docs/promises.md: ${each}`);
process.exitCode = faults.length ? 1 : 0;
