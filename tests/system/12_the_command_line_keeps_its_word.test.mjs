// The command line harms nobody who uses it: names and words of others do nothing here, a server's
// changed key is noticed, and a lost answer is neither a lost nor a doubled message.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';

import * as act from './support/actions.mjs';
import { Road } from './support/road.mjs';
import { startWorld } from './support/world.mjs';

const GONE = 5;
const UNKNOWN = 7;

let world;
before(async () => (world = await startWorld()));
after(() => world?.stop());

test('the names of attachments plant nothing where they are saved', async () => {
  const names = ['.bashrc', '-rf', 'NUL.pdf', 'scan.pdf'];
  const files = names.map((name) => act.makeFile(world, name, 1000));
  await act.send(world, { to: 'names@recipient.example', attach: files });
  const folder = world.path('names');
  fs.mkdirSync(folder);
  fs.symlinkSync('/nowhere/at/all', `${folder}/scan.pdf`);
  const link = await act.linkOf(world, 'names@recipient.example');
  const opened = await act.open(world, link, { password: 'correct-horse', saveTo: folder });

  assert.deepEqual(opened.json.attachments.map((each) => each.name), names);
  assert.deepEqual(fs.readdirSync(folder).sort(), ['_-rf', '_.bashrc', '_NUL.pdf', 'scan (2).pdf', 'scan.pdf'].sort());
  assert.equal(act.sha256(`${folder}/_.bashrc`), act.sha256(files[0]));
  assert.equal(opened.json.attachments[3].saved_to, `${folder}/scan (2).pdf`);
});

test('what the sender writes cannot move the terminal, and a pipe gets it as it is', async () => {
  const body = 'first\x1b[2J\nsecond\u202e';
  await act.send(world, { to: 'words@recipient.example', body });
  const link = await act.linkOf(world, 'words@recipient.example');
  const password = world.file('words.password', 'correct-horse');
  const piped = await world.run('securemail', ['open', link, '--password-file', password], { home: 'words' });

  assert.ok(piped.stdout.includes(body));
  const json = await world.cli('words', ['open', link]);
  assert.equal(json.json.body, body);
  assert.ok(!json.stdout.includes('\u202e'));
});

test('each recipient has the check that was chosen for him', async () => {
  const [pat, col] = ['pat@recipient.example', 'col@recipient.example'];
  await world.cli('sender', ['send', '--to', pat, '--to', col, '--subject', 'Contract',
    '--body-file', world.file('contract.txt', 'As agreed.'), '--check', 'password', '--check', 'code',
    '--recipient-password-file', world.file('pat.password', 'password-of-pat')]);
  const [forPat, forCol] = [await act.linkOf(world, pat), await act.linkOf(world, col)];

  await act.open(world, forPat, { password: 'password-of-pat', home: 'pat' });
  await act.sendCode(world, forCol, { home: 'col' });
  await act.open(world, forCol, { code: await world.codeFor(col), home: 'col' });
});

test('revoke closes each recipient that is named, or none when one is not known', async () => {
  const people = ['one', 'two', 'three'].map((name) => `${name}@recipient.example`);
  const sent = await act.send(world, { to: people });
  const links = await Promise.all(people.map((each) => act.linkOf(world, each)));
  const revoke = (...named) => ['revoke', sent.message, ...named.flatMap((each) => ['--recipient', each])];
  await world.cli('sender', revoke(people[0], 'nobody@recipient.example'), { code: 1 });
  await act.open(world, links[0], { password: 'correct-horse', home: 'one' });
  await world.cli('sender', revoke(people[0], people[1]));

  await act.open(world, links[0], { password: 'correct-horse', home: 'one', exit: GONE });
  await act.open(world, links[1], { password: 'correct-horse', home: 'two', exit: GONE });
  await act.open(world, links[2], { password: 'correct-horse', home: 'three' });
});

test('what was done before one of several failed is in the answer', async () => {
  const people = ['first', 'second'].map((name) => `${name}@recipient.example`);
  const sent = await act.send(world, { to: people });
  await Promise.all(people.map((each) => act.linkOf(world, each)));
  await world.moveClock(6 * 60 * 1000);
  const again = ['resend', sent.message, ...[people[0], people[0], people[1]].flatMap((each) => ['--recipient', each])];
  const { json } = await world.cli('sender', again, { code: 1 });

  assert.equal(json.error, 'rate-limited');
  assert.deepEqual(json.done.map(({ recipient }) => recipient), [people[0]]);
});

test('commands that run at the same time do not disturb each other', async () => {
  const people = Array.from({ length: 6 }, (_, i) => `at-once-${i}@recipient.example`);
  await Promise.all(people.map((to) => act.send(world, { to })));
  const links = await Promise.all(people.map((to) => act.linkOf(world, to)));
  await Promise.all(links.map((link) => act.open(world, link, { password: 'correct-horse' })));
  await world.cli('sender', ['list']);
  assert.deepEqual(fs.readdirSync(world.path('home', 'sender')).filter((name) => !name.endsWith('.json')), []);
});

test('a sign-out is done here, also when the server cannot be told', () =>
  withRoad(async (road) => {
    road.lose('/api/v1/sealed/logout', 20);
    const { json } = await world.cli('road', ['logout'], { code: 6 });

    assert.match(json.message, /signed out here/);
    await world.cli('road', ['list'], { code: 3 });
  }));

test('another identity of the server is refused after a sign-out too, and told', async () => {
  const home = world.path('home', 'sender');
  await world.cli('sender', ['logout']);
  const [name] = fs.readdirSync(home).filter((each) => each.startsWith('server-'));
  const known = JSON.parse(fs.readFileSync(`${home}/${name}`, 'utf8'));
  fs.writeFileSync(`${home}/${name}`, JSON.stringify({ ...known, pin: 'AAAAAAAAAAAAAAAAAAAAAA' }));
  const { email, password } = world.people.sender;
  const login = ['login', '--server', `${world.stack.url}/`, '--email', email, '--password-file', password];
  const refused = await world.cli('sender', login, { code: 1 });

  assert.equal(refused.json.error, 'tampered');
  assert.match(refused.json.message, new RegExp(known.pin));
  assert.match(refused.json.remedy, /--accept-new-identity/);
  await world.cli('sender', [...login, '--accept-new-identity']);
  await world.cli('sender', login);
});

const SEND = '/api/v1/sealed/send';

async function withRoad(work) {
  const road = await Road.start(world.stack.url);
  try {
    const { email, password } = world.people.sender;
    await world.cli('road', ['login', '--server', road.url, '--email', email, '--password-file', password]);
    await work(road);
  } finally {
    await road.close();
  }
}

const countOf = async (message) => (await act.list(world)).filter((each) => each.message === message).length;

test('a send whose answer is lost is asked for again, and is one message', () =>
  withRoad(async (road) => {
    road.lose(SEND, 2);
    const sent = await act.send(world, { to: 'road@recipient.example', home: 'road' });

    assert.equal(road.asked[SEND], 3);
    assert.equal(await countOf(sent.message), 1);
    await act.linkOf(world, 'road@recipient.example');
    assert.equal(world.mails.filter((mail) => mail.to === 'road@recipient.example').length, 1);
  }));

test('a send whose answers are all lost is told as unknown, with what to do', () =>
  withRoad(async (road) => {
    road.lose(SEND);
    const lost = await act.send(world, { to: 'lost@recipient.example', home: 'road', code: UNKNOWN });

    assert.ok(road.asked[SEND] > 1);
    assert.equal(lost.json.outcome, 'unknown');
    assert.match(lost.json.remedy, /securemail list/);
    assert.equal(await countOf(lost.json.unknown_message), 1, 'the list tells that it was sent');
  }));
