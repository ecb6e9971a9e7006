// A machine outside: a network namespace behind this machine, with a server that takes connections. It
// knows the way back to this machine and not to any container, as the rest of the world does. Needs root.

import { execFileSync, spawn } from 'node:child_process';

import { until } from '../../system/support/world.mjs';

const NAMESPACE = `sm-outside-${process.pid}`;
const LINK = `smo${process.pid % 100_000}`; // an interface's name has 15 letters at most
export const OUTSIDE = { to: 'outside', address: '10.231.77.2', port: 2525 };

const ip = (...args) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] });
const LISTEN = `require('net').createServer((peer) => peer.end()).listen(${OUTSIDE.port}, () => console.log('listening'))`;

export async function openOutside() {
  ip('netns', 'add', NAMESPACE);
  const outside = { close };
  try {
    ip('link', 'add', `${LINK}h`, 'type', 'veth', 'peer', 'name', `${LINK}n`, 'netns', NAMESPACE);
    ip('address', 'add', '10.231.77.1/24', 'dev', `${LINK}h`);
    ip('link', 'set', `${LINK}h`, 'up');
    ip('-n', NAMESPACE, 'address', 'add', `${OUTSIDE.address}/24`, 'dev', `${LINK}n`);
    ip('-n', NAMESPACE, 'link', 'set', `${LINK}n`, 'up');
    outside.server = spawn('ip', ['netns', 'exec', NAMESPACE, process.execPath, '-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] });
    outside.server.stdout.once('data', () => (outside.isListening = true));
    await until('the machine outside to listen', () => outside.isListening);
  } catch (error) {
    outside.close();
    throw error;
  }
  return outside;
}

// The link goes with its namespace.
function close() {
  this.server?.kill('SIGKILL');
  ip('netns', 'delete', NAMESPACE);
}
