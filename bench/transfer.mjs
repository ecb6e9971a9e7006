// 50 MB up and down beside bare libmicrohttpd, the gateway's memory while it does so, a static page,
// and what the suite takes when nobody is there.

import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Client, RUNS, memoryOf, say, serve, shareOf, startSuite } from './support/stack.mjs';

const LARGE = 50_000_000;
const SEALED = 50_048_904; // as chunked encryption makes of it
const TIMES = 5;
const ARENAS_GIVEN_BACK_MS = 15_000; // crypto waits ten seconds
const rate = ({ rate: times }) => (times * LARGE) / 1e6;

const world = await startSuite();
const client = new Client(world);
const { http } = world.stack.ports;
const pidOf = (service) => Number(fs.readFileSync(world.stack.path('run', `${service}.pid`), 'utf8'));

try {
  const services = ['gateway', 'crypto', 'notifier', 'retention', 'audit'];
  const quiet = memoryOf(pidOf('gateway'), 'VmRSS');
  await sleep(ARENAS_GIVEN_BACK_MS); // those of the passwords that were just made
  for (let run = 0; run < RUNS; run++)
    say('memory of the five idle services', 'MiB', 1, 'at most', 60,
      services.reduce((sum, service) => sum + shareOf(pidOf(service)), 0), { is_at_most: true });

  await client.signIn();
  const page = await fetch(`${world.stack.url}/m`).then((answer) => answer.arrayBuffer());
  const bare = await serve('http', page.byteLength, SEALED);
  for (let run = 0; run < RUNS; run++) {
    const rawUp = await client.ask('raw-upload', bare.port, TIMES);
    const up = await client.ask('upload', 1, TIMES);
    say('upload of 50 MB by tus, durable', 'MB/s', 0.3, 'bare libmicrohttpd, POST dropped', rate(rawUp), rate(up));
    const rawDown = await client.ask('raw-download', bare.port, TIMES);
    const down = await client.ask('download', 1, TIMES);
    say('download of 50 MB', 'MB/s', 0.6, 'bare libmicrohttpd, GET from a callback', rate(rawDown), rate(down));
    const rawPage = await client.ask('get', bare.port, '/m', 16, 1);
    const served = await client.ask('get', http, '/m', 16, 1);
    say('static page, 16 clients', '/s', 0.7, 'bare libmicrohttpd, the same bytes', rawPage.rate, served.rate);
  }
  await bare.end();

  const before = memoryOf(pidOf('gateway'), 'VmRSS');
  for (let run = 0; run < RUNS; run++) {
    fs.writeFileSync(`/proc/${pidOf('gateway')}/clear_refs`, '5'); // the peak begins anew
    await client.ask('both', 32, 64);
    say('memory of the gateway with 16 uploads and 16 downloads of 50 MB at once, more than idle', 'MiB', 1, 'at most', 64,
      memoryOf(pidOf('gateway'), 'VmHWM') - Math.min(before, quiet), { is_at_most: true });
  }
  await client.end();
} finally {
  await world.stop();
}
