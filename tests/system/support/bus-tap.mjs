// Listens to the bus: a plain TCP relay on loopback stands before each service, and keeps every byte that
// passes. Peers are pointed at the relay; the service listens behind it.

import net from 'node:net';

import { freePorts } from '../../../dev/stack.mjs';

const KEEP_BYTES_MAX = 256 * 1024 * 1024;

export async function relayBus() {
  const heard = [];
  let size = 0;
  const keep = (bytes) => {
    size += bytes.length;
    if (size < KEEP_BYTES_MAX) heard.push(bytes);
  };
  const sockets = new Set();
  const track = (socket) => (sockets.add(socket), socket.once('close', () => sockets.delete(socket)));
  const behind = await freePorts(4); // audit, notifier, crypto, retention
  const front = await freePorts(4);
  const servers = await Promise.all(front.map((port, i) => new Promise((resolve) => {
    const server = net.createServer((client) => {
      const service = net.connect(behind[i], '127.0.0.1');
      track(client);
      track(service);
      const end = () => (client.destroy(), service.destroy());
      client.on('data', keep).on('error', end).on('close', end).pipe(service);
      service.on('data', keep).on('error', end).on('close', end).pipe(client);
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  })));
  const at = (i) => `tcp://127.0.0.1:${front[i]}`;
  const peers = { SECURE_MAIL_AUDIT: at(0), SECURE_MAIL_NOTIFIER: at(1), SECURE_MAIL_CRYPTO: at(2), SECURE_MAIL_RETENTION: at(3) };
  const listen = (i, names) => ({ SECURE_MAIL_LISTEN: `tcp://127.0.0.1:${behind[i]}`, ...pick(names) });
  const pick = (names) => Object.fromEntries(names.map((name) => [name, peers[name]]));
  return {
    options: {
      env: {
        audit: listen(0, []),
        notifier: listen(1, ['SECURE_MAIL_AUDIT']),
        crypto: listen(2, ['SECURE_MAIL_AUDIT', 'SECURE_MAIL_NOTIFIER']),
        retention: listen(3, ['SECURE_MAIL_AUDIT', 'SECURE_MAIL_CRYPTO']),
        gateway: pick(Object.keys(peers)),
      },
    },
    bytes: () => Buffer.concat(heard),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return closeAll(servers);
    },
  };
}

const closeAll = (servers) =>
  Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
