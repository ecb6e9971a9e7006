// All that lies under a folder. (readdir with `recursive` goes into sockets in Debian 12's own Node, and fails.)

import fs from 'node:fs';
import path from 'node:path';

/** Paths under `folder`, relative to it: folders, files, sockets. A folder that somebody removes meanwhile has nothing. */
export function allUnder(folder, at = '') {
  return entriesOf(path.join(folder, at), at !== '').flatMap((entry) => {
    const name = path.join(at, entry.name);
    return entry.isDirectory() ? [name, ...allUnder(folder, name)] : [name];
  });
}

function entriesOf(folder, mayBeGone) {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (mayBeGone && error.code === 'ENOENT') return [];
    throw error;
  }
}
