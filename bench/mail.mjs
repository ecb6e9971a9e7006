// The heart: sending, opening, listing and the bus, over HTTP on a real suite, each beside its limit.

import { freePorts } from '../dev/stack.mjs';
import { Client, LISTS, RUNS, limit, say, startSuite } from './support/stack.mjs';

const CLIENTS = 16;
const SECONDS = 1.5;
const MESSAGES = Number(process.env.SM_BENCH_MESSAGES ?? 1200); // of a round: more than are sent in it

const world = await startSuite();
const client = new Client(world);
const conninfo = world.stack.cluster.conninfo();
const keys = world.stack.path('keys');
const { http } = world.stack.ports;

try {
  await client.signIn();
  for (let run = 0; run < RUNS; run++) {
    const shaped = await limit('database', conninfo, 'send', CLIENTS, SECONDS);
    const prepared = await client.ask('prepare', CLIENTS, MESSAGES);
    const sent = await client.ask('send', CLIENTS, SECONDS);
    say('send of a message of 1 KiB over HTTP, 16 clients', '/s', 0.4, 'transaction shaped like a send', shaped, sent.rate);
    const whole = 1 / (1 / prepared.rate + 1 / sent.rate);
    say('the same with compose and upload (four requests), 16 clients', '/s', null, 'transaction shaped like a send', shaped, whole);

    await client.ask('codes');
    const again = await limit('database', conninfo, 'send', CLIENTS, SECONDS);
    const opened = await client.ask('open', CLIENTS, SECONDS);
    say('open by code over HTTP: verify and open in one, header part (two requests), 16 clients', '/s', 0.3, 'transaction shaped like a send', again, opened.rate);

    const select = await limit('database', conninfo, 'select', CLIENTS, SECONDS);
    const list = await client.ask('list', http, LISTS.first, CLIENTS, SECONDS);
    say('list page of 50 messages over HTTP, 16 clients', '/s', 0.15, 'prepared SELECT of one row', select, list.rate);
    const read = await client.ask('list', http, LISTS.read, CLIENTS, SECONDS);
    say('the same, read from the database each time', '/s', null, 'prepared SELECT of one row', select, read.rate);

    for (const [flight, target, name] of [[1, 0.7, 'one at a time'], [64, 0.5, '64 in flight']]) {
      const raw = await limit('round_trip', flight, SECONDS / 2);
      const ping = await client.ask('ping', keys, world.stack.bus('crypto'), flight, SECONDS / 2);
      say(`bus call that does nothing, ${name}`, '/s', target, 'raw CURVE round trip', raw, ping.rate);
      const worker = await client.ask('nothing', keys, `tcp://127.0.0.1:${(await freePorts(1))[0]}`, flight, SECONDS / 2);
      say(`the same through a worker, ${name}`, '/s', null, 'raw CURVE round trip', raw, worker.rate);
    }
  }
  await client.end();
} finally {
  await world.stop();
}
