// The files of this repository as they stand here, committed or not, in a folder of their own: what a clone would have.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { TOP } from '../../dev/stack.mjs';

export function copySource(folder) {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: TOP, maxBuffer: 2 ** 26 });
  const there = listed.toString().split('\0').filter((name) => name && fs.existsSync(path.join(TOP, name)));
  const archive = execFileSync('tar', ['-c', '--null', '-T', '-'], { cwd: TOP, input: there.join('\0'), maxBuffer: 2 ** 30 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
}
