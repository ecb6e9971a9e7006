// A private PostgreSQL cluster: made once, started and stopped with the stack, reached only through
// a unix socket in a folder that nobody else may enter. As root it runs as Debian's user postgres.

import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const BIN = '/usr/lib/postgresql/15/bin';
const PORT = 5432; // nobody listens there: it is in the socket's name
const SOCKET_PATH_MAX = 100; // sockaddr_un holds 107 bytes, and PostgreSQL adds "/.s.PGSQL.5432"
const isRoot = process.getuid() === 0;

// The command line that runs `program` as the cluster's user.
const asOwner = (program, args) =>
  isRoot
    ? ['setpriv', ['--reuid=postgres', '--regid=postgres', '--init-groups', program, ...args]]
    : [program, args];

// One of PostgreSQL's programs, or one with a path.
export function ownerRun(program, args, options = {}) {
  return execFileSync(...asOwner(path.resolve(BIN, program), args), { stdio: ['ignore', 'pipe', 'pipe'], ...options });
}

function ownerCanEnter(folder) {
  try {
    ownerRun('/usr/bin/test', ['-x', folder]);
    return true;
  } catch {
    return false;
  }
}

export class Cluster {
  // settings: of postgresql.conf, over those below; port: of its socket's name, and of TCP where settings let it listen.
  constructor(folder, { fsync = true, port = PORT, settings = {} } = {}) {
    this.wanted = folder;
    this.port = port;
    this.settings = { fsync: fsync ? 'on' : 'off', ...settings };
  }

  // Root's own home is closed to postgres, and socket paths are short: then a place beside serves.
  place() {
    const hash = createHash('sha256').update(this.wanted).digest('hex').slice(0, 12);
    const parent = path.dirname(this.wanted);
    this.home = this.wanted;
    if (isRoot && !ownerCanEnter(parent)) {
      this.home = `/var/lib/secure-mail-${hash}`;
      fs.mkdirSync(parent, { recursive: true });
      if (!fs.existsSync(this.wanted)) fs.symlinkSync(this.home, this.wanted);
    }
    this.data = path.join(this.home, 'data');
    this.socket = path.join(this.home, 'socket');
    if (this.socket.length > SOCKET_PATH_MAX) this.socket = `/tmp/secure-mail-${hash}`;
    for (const each of [this.home, this.socket]) {
      fs.mkdirSync(each, { recursive: true, mode: 0o700 });
      fs.chmodSync(each, 0o700);
      if (isRoot) execFileSync('chown', ['postgres:postgres', each]);
    }
  }

  conninfo(role = null, database = 'securemail') {
    const user = role ?? (isRoot ? 'postgres' : process.env.USER ?? execFileSync('id', ['-un']).toString().trim());
    const port = this.port === PORT ? '' : ` port=${this.port}`;
    return `host=${this.socket}${port} user=${user}${database ? ` dbname=${database}` : ''}`;
  }

  make() {
    this.place();
    if (fs.existsSync(path.join(this.data, 'PG_VERSION'))) return false;
    ownerRun('initdb', ['-D', this.data, '--encoding=UTF8', '--locale=C.UTF-8', '--auth=trust', '--no-instructions'], {
      cwd: '/',
    });
    return true;
  }

  async start() {
    this.place();
    const options = [
      '-D', this.data, '-k', this.socket, '-h', '', '-p', String(this.port),
      '-c', 'max_connections=200', '-c', 'shared_buffers=128MB', '-c', 'log_min_messages=warning', '-c', 'timezone=UTC',
      ...Object.entries(this.settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
    const log = fs.openSync(path.join(path.dirname(this.wanted), 'log', 'postgres.log'), 'a', 0o600);
    this.process = spawn(...asOwner(`${BIN}/postgres`, options), { cwd: '/', stdio: ['ignore', log, log], detached: true });
    fs.closeSync(log);
    this.exited = new Promise((resolve) => this.process.once('exit', resolve));
    await this.ready();
    this.makeDatabase();
  }

  makeDatabase() {
    try {
      this.sql(`CREATE DATABASE securemail`, 'postgres');
    } catch (error) {
      if (!String(error.stderr).includes('already exists')) throw error;
    }
  }

  async ready() {
    for (let tries = 0; tries < 300; tries++) {
      if (this.hasEnded) break;
      try {
        execFileSync(`${BIN}/pg_isready`, ['-q', '-h', this.socket, '-p', String(this.port)]);
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    throw new Error(`PostgreSQL does not start: see ${path.join(path.dirname(this.wanted), 'log', 'postgres.log')}`);
  }

  // As superuser; rows come back as arrays of text.
  sql(text, database = 'securemail') {
    const out = execFileSync(
      'psql', ['-X', '-q', '-A', '-t', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-c', text, this.conninfo(null, database)],
      { stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 256 * 1024 * 1024 },
    ).toString();
    return out.split('\n').filter(Boolean).map((line) => line.split('\t'));
  }

  // Also by a signal: then there is no exit code, and its number may be another's by now.
  get hasEnded() {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  // 'SIGINT': fast shutdown; 'SIGQUIT': as if the power failed; 'SIGKILL': the postmaster alone, its backends follow.
  async stop(signal = 'SIGINT') {
    if (!this.process || this.hasEnded) return;
    process.kill(this.process.pid, signal);
    await this.exited;
  }
}
