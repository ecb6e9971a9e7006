// What a run says at its end, and what must have happened in it for its "no losses" to mean something.

const isRoot = process.getuid() === 0;
const said = (counts) => Object.entries(counts).sort().map(([name, count]) => `${name} ${count}`).join(', ');
const sum = (counts) => Object.values(counts).reduce((all, count) => all + count, 0);

/** Where changes are judged, a run as root does all that root can do, or it is none. leftOut: [{what, why}]. */
export function isTooLittle(leftOut) {
  return isRoot && process.env.CI === 'true' && leftOut.length > 0;
}

export function sayLeftOut(leftOut) {
  for (const { what, why } of leftOut) console.log(isRoot ? `left out, though root asks: ${what}: ${why}` : `left out, for that needs root: ${what}`);
}

/** What did not happen, and was to be shown. */
export function unshown(people, faults) {
  const acts = ['send', 'open', 'reply', 'revoke', 'delete'].filter((what) => !people.done[what]);
  const proofs = Object.keys(people.proven).filter((how) => !people.proven[how]);
  return [
    ...acts.map((what) => `${what}: asked ${people.asked[what] ?? 0} times and never acknowledged: nothing was shown`),
    ...proofs.map((how) => `nobody got in by a ${how}: nothing was shown`),
    ...faults.missing.map((name) => `${name}: it did not strike: nothing was shown`),
  ];
}

export function say(people, faults, losses) {
  console.log(`faults: ${sum(faults.counts)}, of ${Object.keys(faults.counts).length} kinds${faults.isRoundDone ? `, each once within ${faults.roundS} s` : ''}`);
  for (const [name, count] of Object.entries(faults.counts)) console.log(`  ${String(count).padStart(5)}  ${name}`);
  console.log(`operations: ${sum(people.asked)} asked (${said(people.asked)}), ${sum(people.done)} acknowledged (${said(people.done)})`);
  console.log(`checks passed: ${said(people.proven)}, with those at the end`);
  console.log(`answers that were none: ${said(people.failures) || 'none'}`);
  console.log(`losses: ${losses.length}`);
  for (const loss of losses.slice(0, 50)) console.log(`  ${loss}`);
}
