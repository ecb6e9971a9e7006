// The compose programs of this machine, as words to begin a command with; Compose v2 first, and then 1.29.

import { execFileSync } from 'node:child_process';

const KNOWN = [['docker', 'compose'], ['docker-compose']];

function isThere([program, ...words]) {
  try {
    execFileSync(program, [...words, 'version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export const composeCommands = () => KNOWN.filter(isThere);
