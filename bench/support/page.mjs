// docs/performance.md: the table as measured, and beside it what people wrote (bench/performance.md).

import fs from 'node:fs';

const round = (number) => (number >= 100 ? Math.round(number).toLocaleString('en') : Number(number.toPrecision(3)).toString());

// A target is a least ratio, or a largest one where less is better. Without one it is only told.
export function verdict({ ratio, target, is_at_most: isAtMost }) {
  if (target === null) return '';
  return (isAtMost ? ratio <= target : ratio >= target) ? 'met' : '**missed**';
}

export function targetText({ target, is_at_most: isAtMost }) {
  if (target === null) return '-';
  return `${isAtMost ? 'at most' : 'at least'} ${target}`;
}

// What bench/large/run.mjs found, if it ran.
function large() {
  if (!fs.existsSync('bench/large/results.json')) return '';
  const { messages, entries, rows, read_from_end_to_end: read } = JSON.parse(fs.readFileSync('bench/large/results.json', 'utf8'));
  const lines = rows.map(({ what, few, many, ratio }) => `| ${what} | ${round(few)} /s | ${round(many)} /s | ${ratio.toFixed(2)} |`);
  return `
| | a new database | ${messages.toLocaleString('en')} messages, ${entries.toLocaleString('en')} entries | ratio |
|---|---|---|---|
${lines.join('\n')}

Large tables that were read from end to end meanwhile: ${read.length ? read.join(', ') : 'none'}.
`;
}

export function page({ machine, runs, results }) {
  const rows = results.map((each) => {
    const { figure, product, unit, limit_name: name, limit, ratio } = each;
    return `| ${figure} | ${round(product)} ${unit} | ${name}: ${round(limit)} ${unit} | ${ratio.toFixed(2)} | ${targetText(each)} | ${verdict(each)} |`;
  });
  return `# Performance

Written by \`make bench\` (medians of ${runs} samples; ${machine.cores} cores, ${machine.processor}; load of the machine at the end ${machine.load}).
Each figure stands beside the limit of the library beneath it, measured in the same run: the ratio is what counts, absolute figures drift
with the machine. \`make bench ONLY=mail\` measures the figures of one program alone.

![ratio of product to limit, and the target](performance.svg)

| figure | product | limit, same run | ratio | target | |
|---|---|---|---|---|---|
${rows.join('\n')}

${fs.readFileSync('bench/performance.md', 'utf8').trim()}
${large()}`;
}
