// docs/performance.svg: one bar a figure, its ratio to the limit, and a line where the target is.

const WIDTH = 960;
const LEFT = 520;
const ROW = 26;
const TOP = 34;
const INK = '#1b2733';

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const met = ({ ratio, target, is_at_most: isAtMost }) => target === null || (isAtMost ? ratio <= target : ratio >= target);
const short = (text) => (text.length > 74 ? `${text.slice(0, 73)}…` : text);

// Ratios from 0.01 to 10 on a scale of tenfolds: a miss by ten is as wide as a hit by ten.
const place = (ratio) => LEFT + ((Math.log10(Math.min(Math.max(ratio, 0.01), 10)) + 2) / 3) * (WIDTH - LEFT - 60);

function bar(result, i) {
  const y = TOP + i * ROW;
  const { figure, ratio, target } = result;
  const end = place(ratio);
  const line = target === null ? '' : `<line x1="${place(target)}" x2="${place(target)}" y1="${y}" y2="${y + ROW - 6}" stroke="${INK}" stroke-width="2"/>`;
  return `<text x="${LEFT - 8}" y="${y + 14}" text-anchor="end">${escaped(short(figure))}</text>
<rect x="${LEFT}" y="${y + 2}" width="${Math.max(end - LEFT, 1).toFixed(1)}" height="${ROW - 10}" fill="${met(result) ? '#4f8f6b' : '#c2703d'}"/>
${line}<text x="${end + 6}" y="${y + 14}">${ratio.toFixed(2)}</text>`;
}

export function plot(results) {
  const height = TOP + results.length * ROW + 10;
  const ticks = [0.01, 0.1, 1, 10].map((at) =>
    `<line x1="${place(at)}" x2="${place(at)}" y1="${TOP - 6}" y2="${height - 8}" stroke="#ccd3da"/><text x="${place(at)}" y="${TOP - 12}" text-anchor="middle">${at}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="${INK}">
<title>Ratio of product to limit (bar) and the target (line); brown: missed</title>
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
${ticks.join('\n')}
${results.map(bar).join('\n')}
</svg>
`;
}
