// Small disks that may be filled, where this may be had: by root.

import { execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

// What is full is full by a ballast; beside it must be room for what a run of so many seconds makes and keeps.
const OBJECTS_MB = (seconds) => 64 + Math.ceil(seconds / 5);
const DATABASE_MB = (seconds) => 384 + Math.ceil(seconds / 3); // a new cluster has 60, its write-ahead log at most 64 beside

/** What keeps PostgreSQL's write-ahead log small enough for its disk. */
export const databaseSettings = { max_wal_size: '48MB', min_wal_size: '32MB', wal_keep_size: '16MB' };

// PostgreSQL finds the shared memory of a server that was killed by the inode of its data. New disks count inodes alike: two
// servers would have one number, one of them another place for its memory, and nobody would look there and free it.
function countInodesApart(place) {
  for (let left = crypto.randomInt(1, 20_000); left > 0; left--) {
    fs.mkdirSync(path.join(place, 'passed-over'));
    fs.rmdirSync(path.join(place, 'passed-over'));
  }
}

/** For the objects and for each of two clusters. Gives {objects, databases, undo}; or null for both, with why: not to be had. */
export function smallDisks(folder, seconds) {
  const mounted = [];
  const mount = (name, size) => {
    const place = path.join(folder, name);
    fs.mkdirSync(place, { recursive: true, mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m,mode=0700`, 'tmpfs', place], { stdio: ['ignore', 'ignore', 'pipe'] });
    mounted.push(place);
    return place;
  };
  const undo = () => mounted.splice(0).forEach((place) => execFileSync('umount', ['-l', place]));
  try {
    const objects = mount('objects', OBJECTS_MB(seconds));
    const databases = ['pg-1', 'pg-2'].map((name) => mount(name, DATABASE_MB(seconds)));
    databases.forEach(countInodesApart);
    return { objects, databases, undo };
  } catch (error) {
    undo();
    return { objects: null, databases: null, undo, why: error.message.trim() };
  }
}
