// What may be loaded twice is asked for again when it was lost on the way, and nothing else is.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load } from './support/load.mjs';

const { Failure, Server, persistently } = await load('web/client/failure.ts', 'web/client/http.ts', 'web/client/server.ts');

function losing(times, error) {
  const loader = async () => {
    loader.calls++;
    if (loader.calls <= times) throw error;
    return 'here';
  };
  loader.calls = 0;
  return loader;
}

test('what is lost twice comes the third time', async () => {
  const loader = losing(2, new Error('lost'));
  assert.equal(await persistently(loader), 'here');
  assert.equal(loader.calls, 3);
});

test('what is lost every time is given up, with the last reason', async () => {
  const loader = losing(9, new Error('lost'));
  await assert.rejects(persistently(loader), /lost/);
  assert.equal(loader.calls, 3);
});

test('a refusal is not asked again', async () => {
  const loader = losing(9, new Error('refused'));
  await assert.rejects(persistently(loader, () => false), /refused/);
  assert.equal(loader.calls, 1);
});

test('the server’s keys are asked for again when the connection broke, and not when they were refused', async () => {
  const counting = (answer) => {
    const fetch = async () => (fetch.calls++, answer());
    fetch.calls = 0;
    return fetch;
  };
  const broken = counting(() => Promise.reject(new TypeError('network changed')));
  const refusing = counting(() => new Response('{"error":"unavailable"}', { status: 503 }));

  await assert.rejects(Server.open({ fetch: broken }), (error) => error instanceof Failure && error.isOffline);
  await assert.rejects(Server.open({ fetch: refusing }), (error) => error.word === 'unavailable' && !error.isOffline);

  assert.equal(broken.calls, 3);
  assert.equal(refusing.calls, 1);
});
