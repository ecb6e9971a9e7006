// From nothing running but the database to five services that are ready.

import { RUNS, say, startSuite } from './support/stack.mjs';

const { SERVICES } = await import('../dev/stack.mjs');
const world = await startSuite();
try {
  for (let run = 0; run < RUNS; run++) {
    for (const service of [...SERVICES].reverse()) await world.stack.stopService(service);
    const begun = performance.now();
    for (const service of SERVICES) await world.stack.startService(service);
    say('cold start of the five services until ready, one after the other', 's', 1, 'at most', 1, (performance.now() - begun) / 1000, { is_at_most: true });
  }
} finally {
  await world.stop();
}
