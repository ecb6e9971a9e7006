// What stands before several gateways, as a proxy of the operator's would: each connection goes to the next
// gateway in turn, and to another one where that one is away.

import { once } from 'node:events';
import net from 'node:net';

const GOOD_CONNECT_MS = 1_000;

export class Balancer {
  /** By gateway: how many connections went there. */
  carried = {};
  #targets = [];
  #next = 0;
  #sockets = new Set();
  #server;

  static async start(port, targets) {
    const balancer = new Balancer();
    balancer.#targets = targets;
    balancer.#server = net.createServer((socket) => void balancer.#carry(socket));
    balancer.#server.listen(port, '127.0.0.1');
    await once(balancer.#server, 'listening');
    return balancer;
  }

  async close() {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  async #carry(client) {
    this.#keep(client);
    for (let tries = 0; tries < this.#targets.length; tries++) {
      const target = this.#targets[this.#next++ % this.#targets.length];
      const gateway = await connect(target);
      if (!gateway) continue;
      this.carried[target] = (this.carried[target] ?? 0) + 1;
      this.#keep(gateway);
      gateway.once('close', () => client.destroy());
      client.once('close', () => gateway.destroy());
      client.pipe(gateway).pipe(client);
      if (client.destroyed) gateway.destroy();
      return;
    }
    client.destroy();
  }

  #keep(socket) {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

// The connection, or null.
function connect(target) {
  const { hostname, port } = new URL(target);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname);
    socket.setTimeout(GOOD_CONNECT_MS, () => socket.destroy());
    socket.once('connect', () => {
      socket.setTimeout(0);
      resolve(socket);
    });
    socket.once('error', () => resolve(null));
    socket.once('close', () => resolve(null));
  });
}
