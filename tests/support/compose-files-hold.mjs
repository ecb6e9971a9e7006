// Every compose program of this machine accepts docker-compose.yml, alone and with each overlay and with all of them. No
// engine is needed. Prints what does not hold; exit code 1 then. Usage: node tests/support/compose-files-hold.mjs

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { composeCommands } from './compose-commands.mjs';

const BASE = 'docker-compose.yml';
const OVERLAYS = ['deploy', 'tests/compose'].flatMap((folder) => fs.readdirSync(folder).filter((name) => name.endsWith('.yml')).map((name) => path.join(folder, name)))
  .filter((file) => /^services:$/m.test(fs.readFileSync(file, 'utf8')));
const SETS = [[], ...OVERLAYS.map((file) => [file]), OVERLAYS];

// What .env must say, by the files' own words: ${NAME:?why}.
const needed = [BASE, ...OVERLAYS].flatMap((file) => [...fs.readFileSync(file, 'utf8').matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
const environment = { PATH: process.env.PATH, HOME: process.env.HOME };
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'secure-mail-compose-files-'));
const settings = path.join(folder, 'env');
fs.writeFileSync(settings, [...new Set(needed)].map((name) => `${name}=/etc/${name.toLowerCase()}\n`).join(''));

const faults = [];
try {
  if (OVERLAYS.length === 0) faults.push('no overlay was found');
  for (const [program, ...words] of composeCommands())
    for (const overlays of SETS) {
      const files = [BASE, ...overlays].flatMap((file) => ['-f', file]);
      try {
        execFileSync(program, [...words, '--env-file', settings, ...files, 'config', '-q'], { env: environment, stdio: ['ignore', 'ignore', 'pipe'] });
      } catch (error) {
        faults.push(`${[program, ...words].join(' ')} refuses ${files.filter((word) => word !== '-f').join(' + ')}: ${error.stderr}`);
      }
    }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
for (const each of faults) console.log(`lint: ${each}`);
process.exitCode = faults.length ? 1 : 0;
