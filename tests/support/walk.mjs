// All that lies under a folder. (readdir with `recursive` goes into sockets in Debian 12's own Node, and fails.)

import fs from 'node:fs';
import path from 'node:path';

/** Paths under `folder`, relative to it: folders, files, sockets. */
export function allUnder(folder, at = '') {
  return fs.readdirSync(path.join(folder, at), { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(at, entry.name);
    return entry.isDirectory() ? [name, ...allUnder(folder, name)] : [name];
  });
}
