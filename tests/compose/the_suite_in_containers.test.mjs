// PRODUCT.md O1-O4: docker-compose up is all it takes; what runs then has no more than it should; nothing
// is lost when containers are killed, stopped and started.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from '../system/support/actions.mjs';
import { until } from '../system/support/world.mjs';
import { Deployment, HEALTHY, SERVICES, docker, trustDuringBuild } from './support/deployment.mjs';
import { OUTSIDE, openOutside } from './support/outside.mjs';

const ANN = 'ann@recipient.example';
const BEN = 'ben@recipient.example';
const ALL = [...SERVICES, 'postgres'];
const BY_HAND = ['backup', 'restore'];
const ONCE = ['setup', 'migrate', ...BY_HAND];
const HOME = '/srv/secure-mail/var';

const UIDS = {
  postgres: 7500, gateway: 7501, crypto: 7502, notifier: 7503, retention: 7504, audit: 7505, migrate: 7500, setup: 0, backup: 0, restore: 0,
};
const OBJECTS_GROUP = { group: '7510', members: ['gateway', 'retention', 'setup', 'restore'] };
// docker-compose.yml says what for. The numbers are Linux's.
const CAPABILITY_BITS = { CHOWN: 0n, DAC_OVERRIDE: 1n, FOWNER: 3n };
const CAPABILITIES = { setup: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'], restore: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'], backup: ['DAC_OVERRIDE'] };
const PORTS = { audit: 5701, notifier: 5702, crypto: 5703, retention: 5704, gateway: 8443, postgres: 5432 };

// DESIGN.md section 2: who calls whom.
const ARROWS = {
  gateway: ['crypto', 'audit', 'notifier', 'retention', 'postgres'],
  crypto: ['audit', 'notifier', 'postgres'],
  notifier: ['audit', 'postgres'],
  retention: ['crypto', 'audit', 'postgres'],
  audit: ['postgres'],
  postgres: [],
  migrate: ['postgres'],
  backup: ['postgres'],
  restore: ['postgres'],
  setup: [],
};
const OUTWARD = { gateway: ['front'], notifier: ['out'] };

let deployment;
let first; // a message from the beginning, opened again and again
const formerMasterKeys = [];

before(async () => {
  deployment = new Deployment();
  try {
    await deployment.start();
    await deployment.holdOpen(ONCE);
  } catch (error) {
    await deployment.stop().catch(() => {});
    deployment = null;
    throw error;
  }
});
after(() => deployment?.stop());

const openFirst = async () => {
  const opened = await act.open(deployment, first.link, { password: 'correct-horse' });
  assert.equal(opened.json.body, 'Good news.');
};

const hostFile = (service, name) => fs.readFileSync(`/proc/${deployment.inspect(service).State.Pid}/${name}`, 'utf8');

test('each container began when what it waits for was there', async () => {
  const waits = (await deployment.waits()).filter(({ service }) => !BY_HAND.includes(service));
  const moment = (service, what, code) => deployment.told.find((each) => each.service === service && each.what === what && each.code === code);
  const arrivals = {
    service_completed_successfully: (service) => moment(service, 'die', '0'),
    service_healthy: (service) => moment(service, HEALTHY),
  };
  for (const { service, on, condition } of waits) {
    const [arrived, began] = [arrivals[condition](on), moment(service, 'start')];
    assert.ok(arrived && began, `${service} waits for ${on}: ${condition}`);
    assert.ok(arrived.at < began.at, `${service} began before ${on} was there: ${condition}`);
  }
  const waiting = new Set(waits.map(({ service }) => service));
  assert.deepEqual([...waiting].sort(), [...ALL, 'migrate'].sort(), 'setup alone waits for nobody');
});

test('a message is sent and opened through the published port, with TLS on every way', async () => {
  const file = act.makeFile(deployment, 'scan.pdf', 300_000);
  const sent = await act.send(deployment, { to: ANN, attach: [file], password: 'correct-horse' });
  first = { ...sent, link: await deployment.linkFor(ANN) };

  const folder = deployment.path('letters');
  const opened = await act.open(deployment, first.link, { password: 'correct-horse', saveTo: folder });

  assert.equal(opened.json.body, 'Good news.');
  assert.equal(act.sha256(`${folder}/scan.pdf`), act.sha256(file));
  await until('"opened" in the list', async () => (await act.list(deployment)).find((each) => each.message === first.message)?.status === 'opened');
});

test('a code that was mailed opens another', async () => {
  await act.send(deployment, { to: BEN, check: 'code' });
  const link = await deployment.linkFor(BEN);

  await act.sendCode(deployment, link);
  const opened = await act.open(deployment, link, { code: await deployment.codeFor(BEN) });

  assert.equal(opened.json.body, 'Good news.');
});

test('the pages are in the image of the gateway', async () => {
  const page = await fetchText('/m');

  assert.match(page, /<script[^>]+src="\/[^"]+\.js"/);
});

test('each process runs as its own user, without a capability or a way to new ones', () => {
  for (const service of [...ALL, ...ONCE]) {
    const status = Object.fromEntries(hostFile(service, 'status').split('\n').map((line) => line.split(/:\s*/)));
    const own = (CAPABILITIES[service] ?? []).reduce((mask, name) => mask | (1n << CAPABILITY_BITS[name]), 0n);
    assert.deepEqual(status.Uid.split('\t'), Array(4).fill(String(UIDS[service])), service);
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.equal(BigInt(`0x${status[set]}`), own, `${service} ${set}`);
    for (const set of ['CapInh', 'CapAmb']) assert.equal(BigInt(`0x${status[set]}`), 0n, `${service} ${set}`);
    assert.equal(status.NoNewPrivs, '1', service);
    assert.equal(status.Seccomp, '2', service);
    const isMember = status.Groups.trim().split(' ').includes(OBJECTS_GROUP.group);
    assert.equal(isMember, OBJECTS_GROUP.members.includes(service), `${service} and the object store`);
  }
});

test('the database takes a quarter of the memory that its container has', async () => {
  const { Memory } = deployment.inspect('postgres').HostConfig;
  assert.equal(Memory, 1024 ** 3);
  const asked = "SELECT pg_size_bytes(current_setting('shared_buffers'))";
  const { stdout } = await deployment.compose(['exec', '-T', 'postgres', 'psql', '-XAt', '-h', '/tmp', '-U', 'postgres', '-c', asked]);
  assert.equal(Number(stdout), Memory / 4);
});

test('nothing can be written but what is meant to be, and what is used up has a limit', async () => {
  const also = { // beside the image
    gateway: [`${HOME}/keys`], crypto: [`${HOME}/keys`], notifier: [`${HOME}/keys`], retention: [`${HOME}/keys`],
    postgres: [`${HOME}/keys`], migrate: [`${HOME}/keys`], setup: ['/given', '/volumes'], restore: ['/backup', '/volumes', '/volumes/migrate'],
    backup: ['/shared', '/volumes', ...['objects', 'journal', 'journal-audit', 'migrate', ...SERVICES].map((name) => `/volumes/${name}`)],
  };
  for (const service of [...ALL, ...ONCE]) {
    const { HostConfig } = deployment.inspect(service);
    assert.deepEqual([HostConfig.ReadonlyRootfs, HostConfig.Privileged, HostConfig.CapDrop], [true, false, ['ALL']], service);
    assert.ok(HostConfig.Memory > 0 && HostConfig.PidsLimit > 0, `${service} is limited`);
    const places = ['/', '/etc', '/usr/local/bin', '/srv/secure-mail', ...(also[service] ?? [])].join(' ');
    const script = `for place in ${places}; do touch $place/x 2>/dev/null && echo $place; done; true`;
    assert.equal((await deployment.exec(service, ['bash', '-c', script])).trim(), '', service);
  }
});

test('each container is given its own volumes and no other', () => {
  const [given, keys] = [deployment.backups, Object.fromEntries(SERVICES.map((service) => [`/volumes/${service}`, `keys-${service}`]))];
  const writable = (mounts) => Object.fromEntries(Object.entries(mounts).map(([place, volume]) => [place, `${volume}+`]));
  const expected = {
    gateway: { keys: 'keys-gateway', objects: 'objects+' },
    crypto: { keys: 'keys-crypto', capability: 'capability+', journal: 'journal+' },
    notifier: { keys: 'keys-notifier' },
    retention: { keys: 'keys-retention', objects: 'objects+' },
    audit: { keys: 'keys-audit+', capability: 'capability', journal: 'journal-audit+' },
    postgres: { keys: 'keys-postgres', '/var/lib/secure-mail': 'database+' },
    migrate: { keys: 'keys-migrate' },
    setup: {
      ...writable({
        ...keys, '/shared': 'setup', '/volumes/postgres': 'keys-postgres', '/volumes/migrate': 'keys-migrate', '/volumes/objects': 'objects',
        '/volumes/capability': 'capability', '/volumes/journal': 'journal', '/volumes/journal-audit': 'journal-audit',
      }),
      '/given/certificate.pem': '/dev/null', '/given/certificate.key': '/dev/null',
      '/given/smtp-ca.pem': deployment.path('relay-keys', 'smtp-ca.pem'),
    },
    backup: {
      ...keys, '/backup': `${given}+`, '/shared': 'setup', '/volumes/migrate': 'keys-migrate', '/volumes/objects': 'objects',
      '/volumes/journal': 'journal', '/volumes/journal-audit': 'journal-audit',
    },
    restore: {
      ...writable({ ...keys, '/shared': 'setup', '/volumes/objects': 'objects' }), '/backup': given, '/volumes/migrate': 'keys-migrate',
    },
  };
  for (const service of [...ALL, ...ONCE]) {
    const found = deployment.inspect(service).Mounts.map(({ Destination, Name, Source, RW }) =>
      [Destination.replace(`${HOME}/`, ''), `${Name?.replace(`${deployment.project}_`, '') ?? Source}${RW ? '+' : ''}`]);
    assert.deepEqual(Object.fromEntries(found), expected[service], service);
  }
});

test('each container has its own secrets, and of the others the public halves', async () => {
  const own = {
    gateway: ['gateway.key', 'tls.key', 'tls.pem'],
    crypto: ['crypto.key', 'operator.key', 'operator.pub', 'notifier-letter.pub'],
    notifier: ['notifier.key', 'notifier-letter.key', 'smtp-ca.pem'],
    retention: ['retention.key'],
    audit: ['audit.key', 'audit-sign.key', 'audit-sign.pub', 'operator.pub'],
  };
  const everybody = ['database', ...SERVICES.map((service) => `${service}.pub`)];
  for (const service of SERVICES) {
    const names = (await deployment.exec(service, ['ls', `${HOME}/keys`])).trim().split('\n');
    assert.deepEqual(names.sort(), [...everybody, ...own[service]].sort(), service);
    const conninfo = await deployment.exec(service, ['cat', `${HOME}/keys/database`]);
    assert.match(conninfo, new RegExp(`user=sm_${service} password=[0-9a-f]{48}\n$`));
  }
  assert.equal((await deployment.exec('postgres', ['ls', `${HOME}/keys`])).trim(), 'superuser');
  const passwords = (await deployment.exec('migrate', ['ls', `${HOME}/keys`])).trim().split('\n');
  assert.deepEqual(passwords.sort(), ['superuser', ...SERVICES.map((service) => `sm_${service}`)].sort());
  const shared = (await deployment.exec('setup', ['ls', '/shared'])).trim().split('\n');
  assert.deepEqual(shared.filter((name) => !name.endsWith('.pub')), [], 'what setup keeps is public');
});

test('each container\'s environment holds its own settings, and the master key crypto\'s alone', () => {
  const always = ['ADMIN_LISTEN', 'CAGE', 'DATABASE_FILE', 'LOG_LEVEL'];
  const own = {
    gateway: [...always, 'ENABLED', 'HTTP_LISTEN', 'TLS_CERTIFICATE', 'TLS_KEY', 'CRYPTO', 'NOTIFIER', 'RETENTION', 'AUDIT'],
    crypto: [...always, 'MASTER_KEY', 'MASTER_KEY_NEXT', 'BASE_URL', 'LISTEN', 'AUDIT', 'NOTIFIER', 'CAPABILITY_DIR', 'UNDO_S'],
    notifier: [...always, 'LISTEN', 'AUDIT', 'SMTP_URL', 'SMTP_TLS', 'SMTP_CA_FILE', 'SMTP_USER', 'SMTP_PASSWORD', 'MAIL_FROM'],
    retention: [...always, 'LISTEN', 'AUDIT', 'CRYPTO'],
    audit: [...always, 'LISTEN', 'CAPABILITY_DIR'],
    setup: ['BASE_URL'],
  };
  for (const service of [...ALL, ...ONCE]) {
    const environment = deployment.inspect(service).Config.Env;
    const names = environment.map((line) => line.split('=')[0]).sort();
    assert.deepEqual(names, ['PATH', ...(own[service] ?? []).map((name) => `SECURE_MAIL_${name}`)].sort(), service);
    assert.equal(environment.join('\n').includes(deployment.masterKey), service === 'crypto', service);
  }
  assert.ok(!hostFile('crypto', 'environ').includes(deployment.masterKey), 'crypto has wiped it from its environment');
});

test('each container is on the networks of its own arrows, and all but two of them lead nowhere else', () => {
  const networkOf = (from, to) => `${ONCE.includes(from) ? 'migrate' : from}-${to}`; // by hand goes the way of migrate
  const arrows = Object.entries(ARROWS).flatMap(([from, ends]) => ends.map((to) => ({ ends: [from, to], network: networkOf(from, to) })));
  for (const service of [...ALL, ...ONCE]) {
    const found = Object.keys(deployment.inspect(service).NetworkSettings.Networks).map((name) => name.replace(`${deployment.project}_`, ''));
    const own = arrows.filter(({ ends }) => ends.includes(service)).map(({ network }) => network);
    const expected = service === 'setup' ? ['none'] : [...new Set(own), ...(OUTWARD[service] ?? [])];
    assert.deepEqual(found.sort(), expected.sort(), service);
  }
  const outward = Object.values(OUTWARD).flat();
  for (const name of new Set([...arrows.map(({ network }) => network), ...outward])) {
    const isInternal = docker('network', 'inspect', '-f', '{{.Internal}}', `${deployment.project}_${name}`).trim() === 'true';
    assert.equal(isInternal, !outward.includes(name), name);
  }
});

test('every arrow of the design can be gone, and no other way', async () => {
  const addressesOf = (service) => Object.values(deployment.inspect(service).NetworkSettings.Networks).map((each) => each.IPAddress);
  await Promise.all([...ALL, ...ONCE].map(async (from) => {
    const tries = ALL.filter((to) => to !== from).flatMap((to) =>
      [to, ...addressesOf(to)].map((address) => ({ to, address, port: PORTS[to] })));
    const reached = await deployment.reach(from, tries);
    for (const to of ALL.filter((each) => each !== from)) {
      // A network has no direction: what comes the wrong way is refused by its key, as tests/contract shows.
      const isArrow = ARROWS[from].includes(to) || ARROWS[to].includes(from);
      assert.equal(reached.has(to), isArrow, `${from} to ${to}`);
    }
  }));
});

test('the admin port is nobody else\'s', async () => {
  const everywhere = SERVICES.flatMap((to) =>
    Object.values(deployment.inspect(to).NetworkSettings.Networks).map((each) => ({ to, address: each.IPAddress, port: 9300 })));

  const reached = await deployment.reach('gateway', everywhere.filter((each) => each.to !== 'gateway'));

  assert.deepEqual([...reached], []);
});

test('the notifier alone has a way out, and the gateway alone a published port', async () => {
  const outside = await openOutside();
  try {
    for (const service of [...ALL, ...ONCE])
      assert.equal((await deployment.reach(service, [OUTSIDE])).has('outside'), service === 'notifier', service);
  } finally {
    outside.close();
  }
  for (const service of [...ALL, ...ONCE]) {
    const published = Object.values(deployment.inspect(service).NetworkSettings.Ports).filter(Boolean).flat();
    assert.equal(published.length > 0, service === 'gateway', service);
  }
});

test('what runs once has ended well', () => {
  deployment.letGo(); // from here on they are looked at as they are
  for (const service of ['setup', 'migrate']) {
    const { State } = deployment.inspect(service);
    assert.deepEqual([State.Status, State.ExitCode], ['exited', 0], service);
  }
});

test('health and metrics are said at the admin port, and not at the published one', async () => {
  for (const service of SERVICES) assert.match(await ask(service, '/readyz'), /^HTTP\/1\.1 200 [^]*\nready\n$/, service);

  const metrics = await ask('gateway', '/metrics');
  assert.ok(Number(metrics.match(/secure_mail_http_requests_total\{status="2xx"\} (\d+)/)[1]) > 0);
  assert.match(metrics, /secure_mail_peer_reachable\{peer="retention"\} 1/);
  assert.match(await ask('audit', '/metrics'), /secure_mail_audit_logs 1\n/);
  assert.match(await ask('notifier', '/metrics'), /secure_mail_mail_waiting 0\n/);
  assert.match(await fetchText('/metrics', 404), /error/);
});

for (const service of [...SERVICES, 'postgres'])
  test(`kill -9 of ${service}: it comes back by itself, and nothing is lost`, async () => {
    const before = deployment.inspect(service).State;

    process.kill(before.Pid, 'SIGKILL');

    await until(`${service} to be started again`, () => {
      const { State } = deployment.inspect(service);
      return State.Running && State.Pid !== before.Pid && State.StartedAt !== before.StartedAt;
    }, 120_000);
    await deployment.untilHealthy();
    // Others may need a moment to find their connections again.
    await until('the first message to open again', () => openFirst().then(() => true, () => false), 60_000);
    const after = `${service}@recipient.example`;
    await act.send(deployment, { to: after });
    await act.open(deployment, await deployment.linkFor(after), { password: 'correct-horse' });
  });

test('a stop is clean, and everything is there after the next start', async () => {
  await deployment.compose(['stop']);
  const ends = Object.fromEntries(ALL.map((service) => [service, deployment.inspect(service).State]));
  for (const service of ALL) assert.equal(ends[service].ExitCode, 0, service);
  for (const { service, on } of await deployment.waits())
    if (ends[service] && ends[on])
      assert.ok(Date.parse(ends[service].FinishedAt) <= Date.parse(ends[on].FinishedAt), `${service} ends before ${on}, which it waits for`);
  for (const service of SERVICES) assert.ok(Date.parse(ends[service].FinishedAt) <= Date.parse(ends.postgres.FinishedAt), `${service} before its database`);

  await deployment.compose(['up', '-d']);
  await deployment.untilHealthy();
  await openFirst();
});

test('containers made anew find their data, their keys and their certificate', async () => {
  const certificate = await deployment.exec('gateway', ['cat', `${HOME}/keys/tls.pem`]);

  await deployment.runbookLine('docker-compose down');
  await deployment.compose(['up', '-d']);
  await deployment.untilHealthy();

  assert.equal(await deployment.exec('gateway', ['cat', `${HOME}/keys/tls.pem`]), certificate);
  await openFirst();
});

test('the runbook looks at health, metrics and logs', async () => {
  assert.match(await deployment.runbook('status'), /crypto/);
  assert.match(await deployment.runbook('suite'), /^audit +ready [^]*^retention +ready /m);
  assert.match(await deployment.runbook('why'), /"Output":"ready/);
  assert.match(await deployment.runbook('metrics'), /secure_mail_ready 1/);
  assert.match(await deployment.runbook('logs'), /"event":"ready"/);
  assert.match(await deployment.runbookLine('docker-compose logs gateway'), /"event":"ready"/);
  assert.match(await deployment.runbookLine('docker-compose logs SERVICE', { SERVICE: 'crypto' }), /"event":"ready"/);
  const database = await deployment.runbookLine('docker-compose logs postgres');
  assert.match(database, /database system is ready to accept connections/);
  assert.doesNotMatch(database, /no pg_hba.conf entry/); // the health check, every two seconds
  assert.match(await deployment.runbook('key-versions'), /\(\d+ rows?\)/);
});

test('the runbook\'s line finds all that was said of one request', async () => {
  await act.send(deployment, { to: 'followed@recipient.example' });
  await deployment.linkFor('followed@recipient.example');
  const request = await until('the notifier to say whose mail it was', async () =>
    (await deployment.compose(['logs', '--no-color', 'notifier'])).stdout.match(/"event":"mail-accepted","request":"([0-9a-f]+)"/)?.[1]);

  const found = await deployment.runbookLine('docker-compose logs --no-color | grep REQUEST', { REQUEST: request });

  // Compose v2 clears a line of its own before the first one, also where no terminal is.
  assert.match(found, new RegExp(`^(?:\\x1b\\[2K)?notifier.*"event":"mail-accepted","request":"${request}"`, 'm'));
  for (const line of found.trim().split('\n')) assert.ok(line.includes(request), line);
});

test('a restart of any service does no harm', async () => {
  for (const service of ALL) await deployment.runbookLine('docker-compose restart SERVICE', { SERVICE: service });
  await deployment.untilHealthy();
  await until('the first message to open again', () => openFirst().then(() => true, () => false), 60_000);
});

test('images that are carried to another machine are all there', async () => {
  const images = () => docker('images', '--format', '{{.Repository}}', 'secure-mail-*:carried').trim().split('\n').filter(Boolean);
  const there = docker('images', '--format', '{{.Repository}}', 'secure-mail-*:test').trim().split('\n');
  for (const name of there) docker('tag', `${name}:test`, `${name}:carried`);
  try {
    await deployment.runbook('save-images', { SECURE_MAIL_TAG: 'carried' });
    docker('rmi', ...there.map((name) => `${name}:carried`));
    assert.deepEqual(images(), []);

    await deployment.runbook('load-images');

    assert.deepEqual(images().sort(), there.sort());
    assert.ok([...ALL, 'setup', 'migrate', 'backup'].every((name) => there.includes(`secure-mail-${name}`)));
  } finally {
    if (images().length) docker('rmi', ...images().map((name) => `${name}:carried`));
    fs.rmSync(deployment.path('images.tar'), { force: true });
  }
});

test('the runbook\'s upgrade leaves everything in place', async () => {
  const removeAuthority = trustDuringBuild();
  try {
    await deployment.runbook('upgrade');
  } finally {
    removeAuthority();
  }
  await deployment.untilHealthy();
  await openFirst();
});

test('the runbook\'s erasure takes a name out of the log', async () => {
  const given = { ORGANISATION: deployment.organisation, PERSON: 'audit@recipient.example' };
  assert.match(await deployment.runbook('erase', given), /^Erased \d+ values/m);
  assert.match(await deployment.runbook('erase', given), /nothing to erase/);
});

test('the runbook has a log out as evidence', async () => {
  await deployment.runbook('evidence', { ORGANISATION: 'operator' });

  const verified = await deployment.run('securemail-verify', [deployment.path('evidence.ndjson')]);

  assert.match(verified.stdout, /^VERIFIED/);
  assert.ok(!(await deployment.exec('crypto', ['ls', `${HOME}/journal`])).includes('evidence'));
});

test('the runbook\'s rotations of keys leave everything in place', async () => {
  const old = deployment.masterKey;
  formerMasterKeys.push(old);
  await deployment.runbook('rotate-org', { ORGANISATION: deployment.organisation });
  await deployment.runbook('rotate-hpke');
  await deployment.runbook('rotate-signing');
  await deployment.runbook('rotate-bus');
  await deployment.untilHealthy();
  await deployment.runbook('rotate-master');
  await deployment.untilHealthy();

  assert.match(await deployment.runbook('key-status'), /^master +2 /m);
  const lines = fs.readFileSync(deployment.path('.env'), 'utf8').split('\n').filter((line) => /^SECURE_MAIL_MASTER_KEY/.test(line));
  assert.equal(lines.length, 1);
  deployment.masterKey = lines[0].split(/=(.*)/s)[1];
  assert.notEqual(deployment.masterKey, old);
  await openFirst();
});

const journals = () => fs.readdirSync(deployment.backups).filter((name) => name.endsWith('.journal')).sort();
let gone; // a message that was deleted after the backup

test('the runbook makes a backup and copies the journals beside it', async () => {
  const { message } = await act.send(deployment, { to: 'gone@recipient.example' });
  gone = await deployment.linkFor('gone@recipient.example');
  await deployment.runbook('backup-key');
  assert.match(await deployment.runbook('backup'), /holds everything/);
  await deployment.runbook('journal');
  await deployment.cli('sender', ['delete', message, '--yes']);
  await deployment.runbook('journal'); // the later one takes the place of the earlier

  assert.deepEqual(journals(), ['audit.journal', 'crypto.journal']);
  assert.ok(fs.readFileSync(`${deployment.backups}/crypto.journal`, 'utf8').includes(message));
});

test('without a journal a restore refuses, until the operator says that there is none', async () => {
  await deployment.takeDown(); // with all volumes
  const away = deployment.path('away');
  fs.mkdirSync(away);
  for (const name of journals()) fs.renameSync(`${deployment.backups}/${name}`, `${away}/${name}`);
  const refusedBy = async (...words) => (await deployment.compose(['run', '--rm', ...words, 'monday'], { code: 1 })).stderr;

  assert.match(await refusedBy('restore'), /name the journal of erasures/);
  assert.match(await refusedBy('backup', 'restore'), /this container only reads. Say: docker-compose run --rm restore/);
  const said = await deployment.runbookLine('docker-compose run --rm -e RESTORE_WITHOUT_JOURNAL=yes restore monday');
  assert.match(said, /everything of .* is back[^]*WITHOUT A JOURNAL/);

  for (const name of fs.readdirSync(away)) fs.renameSync(`${away}/${name}`, `${deployment.backups}/${name}`);
});

test('the runbook\'s backup, restored where nothing is, opens an old message', async () => {
  await deployment.takeDown();

  assert.match(await deployment.runbook('restore'), /everything of .* is back/);

  await deployment.untilHealthy();
  await openFirst();
  await act.open(deployment, gone, { password: 'correct-horse', exit: 5 });
  await deployment.runbook('release');
  for (const home of Object.keys(deployment.people)) await deployment.login(home); // a restore ends sessions
  await act.send(deployment, { to: 'after-restore@recipient.example' });
  await act.open(deployment, await deployment.linkFor('after-restore@recipient.example'), { password: 'correct-horse' });
});

test('the journal of a restored suite does not take the place of the one before it', async () => {
  const before = fs.readFileSync(`${deployment.backups}/crypto.journal`, 'utf8');
  assert.notEqual(before, '');

  await deployment.runbook('journal');

  const [kept] = journals().filter((name) => /^crypto-until-\d{8}T\d{6}\.journal$/.test(name));
  assert.ok(kept, journals().join());
  assert.equal(fs.readFileSync(`${deployment.backups}/${kept}`, 'utf8'), before);
});

test('after a restore retention still deletes what the gateway stores', async () => {
  const folders = (await deployment.exec('gateway', ['find', 'var/objects', '-type', 'd', '-printf', '%m %G %p\\n'])).trim().split('\n');
  assert.ok(folders.length > 2);
  for (const line of folders) assert.match(line, /^2770 7510 /); // so that what is made in it is of that group, too
  const file = act.makeFile(deployment, 'short-lived.pdf', 100_000);
  const { message } = await act.send(deployment, { to: 'short-lived@recipient.example', attach: [file] });
  const stored = async () => (await deployment.exec('gateway', ['find', 'var/objects', '-name', message])).trim();
  assert.notEqual(await stored(), '');

  await deployment.cli('sender', ['delete', message, '--yes']);

  await until('its ciphertext to be gone', async () => (await stored()) === '', 60_000);
});

test('a certificate of the site\'s own is taken over', async () => {
  const { certificate, key } = deployment.makeCertificate();
  deployment.addSettings({ SECURE_MAIL_TLS_CERTIFICATE: certificate, SECURE_MAIL_TLS_KEY: key });

  await deployment.runbook('renew');

  await deployment.untilHealthy();
  await deployment.runbook('certificate');
  assert.equal(fs.readFileSync(deployment.path('tls.pem'), 'utf8'), fs.readFileSync(certificate, 'utf8'));
  await openFirst();
});

test('the log verifies after all of it', async () => {
  const file = await act.exportLog(deployment);

  const verified = await deployment.run('securemail-verify', [file]);

  assert.match(verified.stdout, /^VERIFIED/);
});

test('no container has said a secret, and what it said is a line of JSON', async () => {
  const secrets = [deployment.masterKey, ...formerMasterKeys, new URL(first.link).hash.split('.')[2], 'correct-horse', 'Good news'];
  const said = await deployment.logs();
  for (const service of SERVICES) {
    const texts = said.filter((each) => each.service === service).map(({ text }) => text);
    assert.ok(texts.length > 1, `${service}: those that were made anew are among them`);
    for (const text of texts) {
      for (const secret of secrets) assert.ok(!text.includes(secret), service);
      const lines = text.split('\n').filter(Boolean);
      assert.ok(lines.length > 0, service);
      for (const line of lines) assert.doesNotThrow(() => JSON.parse(line), `${service}: ${line}`);
    }
  }
});

// --- looking from inside and outside ---------------------------------------------------------------------

const ask = (service, place) =>
  deployment.exec(service, ['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/9300; printf 'GET ${place} HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`]);

async function fetchText(place, status = 200) {
  const { request } = await import('node:https');
  return new Promise((resolve, reject) => {
    const ca = fs.readFileSync(deployment.path('tls.pem'));
    request(deployment.stack.url + place, { ca }, (response) => {
      let text = '';
      response.on('data', (bytes) => (text += bytes));
      response.on('end', () => (response.statusCode === status ? resolve(text) : reject(new Error(`${place}: ${response.statusCode}`))));
    }).on('error', reject).end();
  });
}
