// A component's stylesheet without the rules that none of our pages can use: Utrecht writes each state as a
// class too (for its own catalogue), and variants that we have not. A rule stays when every class of it stands
// in a source; a class that a source puts together ("utrecht-alert--${kind}") keeps all that begin so.

/** What stands before each { } of `css`, at one level, with what stands in them. */
export function* blocksOf(css) {
  let from = 0;
  for (let open = css.indexOf('{'); open >= 0; open = css.indexOf('{', from)) {
    let at = open + 1;
    for (let depth = 1; depth > 0; at++) {
      if (at >= css.length) throw new Error('a stylesheet that is cut');
      if (css[at] === '{') depth++;
      else if (css[at] === '}') depth--;
    }
    yield { head: css.slice(from, open).trim(), body: css.slice(open + 1, at - 1) };
    from = at;
  }
  if (css.slice(from).trim()) throw new Error(`a stylesheet that ends in ${css.slice(from, from + 40)}`);
}

/** The parts of a selector list; commas in parentheses part nothing. */
export function selectorsOf(head) {
  const parts = [''];
  let depth = 0;
  for (const letter of head) {
    if (letter === '(') depth++;
    if (letter === ')') depth--;
    if (letter === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += letter;
  }
  return parts.map((each) => each.trim());
}

/** Whether a class may be used, by the words of the sources that begin as `prefix`. */
export function usedClasses(sources, prefix) {
  const words = new Set(sources.flatMap((text) => text.match(new RegExp(`${prefix}[\\w-]*`, 'g')) ?? []));
  const beginnings = [...words].filter((each) => each.endsWith('-'));
  return (name) => words.has(name) || beginnings.some((each) => name.startsWith(each));
}

/** `isUsed` is asked for each class outside of parentheses: what stands in them (:is, :not) excludes no rule. */
export function prune(css, isUsed) {
  const isKept = (selector) => (selector.replace(/\([^()]*\)/g, '').match(/\.[\w-]+/g) ?? []).every((each) => isUsed(each.slice(1)));
  let out = '';
  for (const { head, body } of blocksOf(css.replace(/\/\*[^]*?\*\//g, '').replace(/@(charset|import)[^;]*;/g, (rule) => ((out += rule), '')))) {
    if (/^@(media|supports|layer|container)/.test(head)) {
      const inner = prune(body, isUsed);
      if (inner) out += `${head}{${inner}}`;
    } else if (head.startsWith('@')) {
      out += `${head}{${body}}`;
    } else {
      const kept = selectorsOf(head).filter(isKept);
      if (kept.length) out += `${kept.join(',')}{${body}}`;
    }
  }
  return out;
}
