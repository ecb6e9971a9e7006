// A stack and a browser for one test file: there before its first test, gone after its last, also where only one of them came up.

import { after, before } from 'node:test';

import { startWorld } from '../../system/support/world.mjs';
import { startBrowser } from './browser.mjs';

/**
 * `take` is given { world, browser }, and does what else a file needs before its tests: node:test begins a second before() of a
 * file without waiting for the first.
 */
export function onStage(take) {
  const stage = {};
  before(async () => {
    stage.world = await startWorld();
    stage.browser = await startBrowser();
    await take(stage);
  });
  after(async () => {
    await stage.browser?.close();
    await stage.world?.stop();
  });
}
