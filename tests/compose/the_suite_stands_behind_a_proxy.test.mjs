// The runbook's "A proxy in front": with deploy/behind-proxy.yml the gateway speaks plain HTTP on this machine alone, what
// the proxy writes of who asks is believed, and people notice nothing of it.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { after, before, test } from 'node:test';

import { freePorts } from '../../dev/stack.mjs';
import * as act from '../system/support/actions.mjs';
import { Deployment, docker } from './support/deployment.mjs';

const ANN = 'ann@recipient.example';
const SUBNET = '10.231.84.0/28';
const BUDGET = 1200; // SECURE_MAIL_ADDRESS_REQUESTS, where nothing is said: of one address in a minute

let deployment;
let proxy;
let port; // the published one

before(async () => {
  deployment = new Deployment();
  deployment.files.push('deploy/behind-proxy.yml');
  const [front, published] = await freePorts(2);
  port = published;
  try {
    const { certificate, key } = deployment.makeCertificate();
    proxy = await startProxy({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) }, front);
    await deployment.start({
      SECURE_MAIL_BASE_URL: `https://localhost:${front}`,
      SECURE_MAIL_PORT: port,
      SECURE_MAIL_FRONT_SUBNET: SUBNET,
      SECURE_MAIL_TLS_CERTIFICATE: certificate, // that people know the proxy by: the gateway itself does not use it
      SECURE_MAIL_TLS_KEY: key,
    });
  } catch (error) {
    await stop().catch(() => {});
    deployment = null;
    throw error;
  }
});
after(() => stop());

async function stop() {
  await deployment?.stop();
  proxy?.closeAllConnections();
  proxy?.close();
}

// As nginx and its like: TLS ends here, and who asked is written down.
function startProxy(tls, at) {
  const server = https.createServer(tls, (request, response) => {
    const headers = { ...request.headers, 'x-forwarded-for': request.socket.remoteAddress };
    const onwards = http.request({ host: '127.0.0.1', port, method: request.method, path: request.url, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onwards.on('error', () => response.destroy());
    response.on('close', () => onwards.destroy());
    request.pipe(onwards);
  });
  return new Promise((resolve, reject) => server.once('error', reject).listen(at, 'localhost', () => resolve(server)));
}

// The status with which the published port answers `times` requests of `client`, one after the other.
async function asked(client, times) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const statuses = new Map();
  for (let i = 0; i < times; i++) {
    const status = await new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: '/m', agent, headers: { 'X-Forwarded-For': client } };
      http.get(options, (answer) => answer.resume().on('end', () => resolve(answer.statusCode))).on('error', reject);
    });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  agent.destroy();
  return statuses;
}

test('the published port speaks plain HTTP, on this machine alone', async () => {
  const { Ports, Networks } = deployment.inspect('gateway').NetworkSettings;

  assert.deepEqual(Ports['8443/tcp'].map(({ HostIp }) => HostIp), ['127.0.0.1']);
  assert.deepEqual(await asked('203.0.113.1', 1), new Map([[200, 1]]));
  const front = Object.keys(Networks).find((name) => name.endsWith('_front'));
  const [network] = JSON.parse(docker('network', 'inspect', front));
  assert.equal(network.IPAM.Config[0].Subnet, SUBNET);
  assert.equal(network.Options['com.docker.network.bridge.enable_ip_masquerade'], 'false');
});

test('a message is sent and opened through the proxy', async () => {
  const file = act.makeFile(deployment, 'scan.pdf', 300_000);
  await act.send(deployment, { to: ANN, attach: [file], password: 'correct-horse' });
  const folder = deployment.path('letters');

  const opened = await act.open(deployment, await deployment.linkFor(ANN), { password: 'correct-horse', saveTo: folder });

  assert.equal(opened.json.body, 'Good news.');
  assert.equal(act.sha256(`${folder}/scan.pdf`), act.sha256(file));
});

test('each of those for whom the proxy asks has a budget of his own', async () => {
  const greedy = await asked('203.0.113.2', 3 * BUDGET);
  const other = await asked('203.0.113.3', 10);

  assert.ok(greedy.get(200) >= BUDGET && greedy.get(429) > 0, JSON.stringify([...greedy]));
  assert.deepEqual(other, new Map([[200, 10]]));
});
