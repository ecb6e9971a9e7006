// The runbook's "Prometheus": with deploy/metrics.yml each service tells its metrics at the address that
// deploy/prometheus.yml has, to this machine and to who joins its network; no other service reaches them.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { Deployment, SERVICES, docker } from './support/deployment.mjs';

const NET = '10.231.86';

let deployment;
before(async () => {
  deployment = new Deployment();
  deployment.files.push('deploy/metrics.yml');
  try {
    await deployment.start({ SECURE_MAIL_METRICS_NET: NET });
  } catch (error) {
    await deployment.stop().catch(() => {});
    deployment = null;
    throw error;
  }
});
after(() => deployment?.stop());

const networksOf = (service) => deployment.inspect(service).NetworkSettings.Networks;
const metricsNetwork = (service) => Object.keys(networksOf(service)).find((name) => name.endsWith(`_metrics-${service}`));

const fetched = (url) =>
  new Promise((resolve, reject) => {
    http.get(url, (answer) => {
      let text = '';
      answer.on('data', (bytes) => (text += bytes)).on('end', () => resolve(text));
    }).on('error', reject);
  });

test('a Prometheus on this machine reads each target of the configuration', async () => {
  const configuration = fs.readFileSync('deploy/prometheus.yml', 'utf8').replaceAll('10.231.85', NET);
  const targets = [...configuration.matchAll(/targets: \["(.*)"\], labels: \{service: (\w+)\}/g)];

  assert.deepEqual(targets.map(([, , service]) => service).sort(), [...SERVICES].sort());
  for (const [, target, service] of targets) {
    const text = await fetched(`http://${target}/metrics`);
    assert.match(text, /^secure_mail_ready 1$/m, service);
    assert.equal(/^secure_mail_audit_entries \d+$/m.test(text), service === 'audit', service);
  }
});

test('one in a container that joins a network reads that service, at an address behind the service\'s own', async () => {
  for (const service of SERVICES) {
    const script = `exec 3<>/dev/tcp/${service}/9300; printf 'GET /readyz HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3; cat /proc/net/fib_trie`;
    const said = docker('run', '--rm', '--network', metricsNetwork(service), '--entrypoint', 'bash', 'secure-mail-audit:test', '-c', script);

    assert.match(said, /\nready\n/, service);
    const own = Number(networksOf(service)[metricsNetwork(service)].IPAddress.split('.')[3]);
    const addresses = new Set([...said.matchAll(new RegExp(`-- ${NET.replaceAll('.', '\\.')}\\.(\\d+)\n +/32 host LOCAL`, 'g'))].map(([, last]) => Number(last)));
    assert.ok(addresses.size === 1 && [...addresses][0] >= own + 2 && [...addresses][0] <= own + 4, `${service}: ${[...addresses]} beside ${own}`);
  }
});

test('each service has such a network for itself, without a way out, and reaches nobody\'s admin port', async () => {
  const listed = await deployment.runbookLine('docker network ls');
  for (const service of SERVICES) {
    assert.match(listed, new RegExp(` ${metricsNetwork(service)} `));
    assert.deepEqual(Object.keys(networksOf(service)).filter((name) => name.includes('_metrics-')), [metricsNetwork(service)]);
    assert.equal(JSON.parse(docker('network', 'inspect', metricsNetwork(service)))[0].Internal, true);
  }
  for (const from of SERVICES) {
    const others = SERVICES.filter((to) => to !== from);
    const tries = others.flatMap((to) => Object.values(networksOf(to)).map((each) => ({ to, address: each.IPAddress, port: 9300 })));
    assert.deepEqual([...(await deployment.reach(from, tries))], [], from);
  }
});

test('health and the runbook\'s look at the metrics are as without it', async () => {
  await deployment.untilHealthy();

  assert.match(await deployment.runbook('metrics'), /secure_mail_ready 1/);
});
