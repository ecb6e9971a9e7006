// A road between the command line and the gateway: it counts what passes, and can lose answers.

import http from 'node:http';
import { once } from 'node:events';

export class Road {
  asked = {}; // path: how often
  bytes = {}; // path: of its answers, as they passed
  #losses = {};
  #server;

  static async start(target) {
    const road = new Road();
    road.#server = http.createServer((request, response) => road.#carry(target, request, response));
    road.#server.listen(0, '127.0.0.1');
    await once(road.#server, 'listening');
    road.url = `http://127.0.0.1:${road.#server.address().port}`;
    return road;
  }

  // The next `count` answers for the path arrive here and go no further.
  lose(path, count = Infinity) {
    this.#losses[path] = count;
  }

  async close() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #carry(target, request, response) {
    const path = request.url;
    const end = () => request.socket.destroy();
    const onward = http.request(new URL(path, target), { method: request.method, headers: request.headers });
    onward.once('response', (answer) => {
      this.asked[path] = (this.asked[path] ?? 0) + 1;
      if (this.#losses[path]-- > 0) return answer.resume().once('end', end);
      answer.on('data', (block) => (this.bytes[path] = (this.bytes[path] ?? 0) + block.length));
      answer.once('error', end);
      response.writeHead(answer.statusCode, answer.headers);
      return answer.pipe(response);
    });
    onward.once('error', end);
    request.pipe(onward);
  }
}
