// What the device itself knows of its network. That there is one is no promise: only that there is
// none can be relied on.

/** The device knows of no network: then waiting costs no tries, however long it takes. */
export function isOffline(): boolean {
  return globalThis.navigator?.onLine === false;
}

/** Calls `then` once, as soon as the device has a network again. The answer ends the waiting. */
export function whenOnline(then: () => void): () => void {
  addEventListener('online', then, { once: true });
  return () => removeEventListener('online', then);
}
