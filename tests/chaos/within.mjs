import { sleep } from '../../dev/stack.mjs';

/** Whether it becomes so in this time. */
export async function within(ms, isSo, everyMs = 200) {
  for (const end = Date.now() + ms; ; await sleep(everyMs)) {
    if (await isSo()) return true;
    if (Date.now() > end) return false;
  }
}
