// promtool, Debian's: dev/setup test puts it into var/tools; a machine's own serves too.

import { spawnSync } from 'node:child_process';

const PLACES = ['var/tools/promtool', 'promtool'];
const place = PLACES.find((each) => !spawnSync(each, ['--version'], { stdio: 'ignore' }).error);

export const isThere = () => place !== undefined;

export function promtool(...args) {
  const { status, stdout, stderr, error } = spawnSync(place, args, { encoding: 'utf8' });
  if (error) throw error;
  return { status, said: `${stdout}${stderr}` };
}
