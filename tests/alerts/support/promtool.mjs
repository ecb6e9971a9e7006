// promtool, Debian's: dev/setup test puts it into var/tools; a machine's own serves too.

import { spawnSync } from 'node:child_process';

const PLACES = ['var/tools/promtool', 'promtool'];

export function promtool(...args) {
  for (const place of PLACES) {
    const { error, status, stdout, stderr } = spawnSync(place, args, { encoding: 'utf8' });
    if (error?.code !== 'ENOENT') return { status, said: `${stdout}${stderr}${error?.message ?? ''}` };
  }
  throw new Error('promtool is not there, so no alert rule is tested: run dev/setup test');
}
