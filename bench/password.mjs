// Opening by password at full load, and what that does to those who open by code meanwhile.

import { Client, RUNS, limit, say, startSuite } from './support/stack.mjs';

const SECONDS = 2;
const HASH_SECONDS = 6; // eight opens that have begun when the time is over are a seventh of what two seconds hold
const KIB = 47104;
const WORKERS = 2;
const LINKS = 32;
const CODES = 2000; // of a round: more than are opened one after the other in twice SECONDS

const world = await startSuite({ env: { crypto: { SECURE_MAIL_UNDO_S: '600', SECURE_MAIL_ARGON2_QUEUE: '48' } } });
const [passwords, codes, pings] = [new Client(world), new Client(world), new Client(world)];
const ping = (seconds) => pings.ask('ping', world.stack.path('keys'), world.stack.bus('crypto'), 1, seconds);
const measured = (driven) => {
  if (driven.count === 0) throw new Error(`nothing was left to ${driven.name}: more must be prepared`);
  return driven;
};

try {
  await passwords.signIn('password');
  await passwords.ask('prepare', 4, LINKS);
  await passwords.ask('send', 4, 0);
  await passwords.ask('codes');
  await codes.signIn('code');
  for (let run = 0; run < RUNS; run++) {
    await codes.ask('prepare', 4, CODES);
    await codes.ask('send', 4, 0);
    await codes.ask('codes');
    const raw = await limit('argon2', KIB, 1, WORKERS, HASH_SECONDS);
    const idle = measured(await codes.ask('open', 1, SECONDS));
    const idlePing = await ping(SECONDS / 2);
    const alone = measured(await passwords.ask('open', 8, HASH_SECONDS));
    const [, busy, busyPing] = await Promise.all([passwords.ask('open', 8, SECONDS), codes.ask('open', 1, SECONDS), ping(SECONDS)]);
    measured(busy);
    say('open by password over HTTP, 8 clients', '/s', 0.9, 'raw argon2id, kept memory, two workers', raw, alone.rate);
    say('p99 of an open by code beside opens by password', 'ms', 3, 'the same without them', idle.p99_us / 1000, busy.p99_us / 1000, { is_at_most: true });
    say('p99 of a ping of crypto beside opens by password', 'ms', 3, 'the same without them', idlePing.p99_us / 1000, busyPing.p99_us / 1000, { is_at_most: true });
  }
  for (const each of [passwords, codes, pings]) await each.end();
} finally {
  await world.stop();
}
