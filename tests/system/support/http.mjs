// Plain HTTP as a stranger, a scanner or a half-finished client would speak it.

import http from 'node:http';

export function request(world, method, path, { headers = {}, body = null } = {}) {
  return new Promise((resolve, reject) => {
    const call = http.request(`${world.stack.url}${path}`, { method, headers }, (answer) => {
      const parts = [];
      answer.on('data', (bytes) => parts.push(bytes));
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
      answer.on('error', reject);
    });
    call.on('error', reject);
    if (body) call.write(body);
    call.end();
  });
}
