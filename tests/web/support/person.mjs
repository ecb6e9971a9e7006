// What a browser has and Node has not, for the client on the real stack: cookies, a tab's memory, and
// XMLHttpRequest (as much as tus uses). And ways to lose what is on its way.

export function fakeTab() {
  const memory = () => {
    const kept = new Map();
    return { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, String(value)), removeItem: (name) => kept.delete(name) };
  };
  globalThis.sessionStorage = memory();
  globalThis.localStorage = memory();
  const page = new EventTarget();
  for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent']) globalThis[name] = page[name].bind(page);
}

/** fetch that keeps the session cookie, and lets a test come between: between(url, init, go) */
export function fetchOf({ between = (url, init, go) => go() } = {}) {
  let cookie = '';
  return (url, init = {}) =>
    between(String(url), init, async () => {
      const answer = await fetch(url, { ...init, headers: { ...init.headers, ...(cookie ? { Cookie: cookie } : {}) } });
      const set = answer.headers.get('Set-Cookie');
      if (set) cookie = set.split(';')[0];
      return answer;
    });
}

/** An answer whose body breaks off after `bytes`. */
export function brokenAfter(answer, bytes) {
  let left = bytes;
  const cut = new TransformStream({
    transform(chunk, controller) {
      if (chunk.length > left) {
        controller.enqueue(chunk.subarray(0, left));
        controller.error(new TypeError('network error'));
      } else controller.enqueue(chunk);
      left -= Math.min(left, chunk.length);
    },
  });
  return new Response(answer.body.pipeThrough(cut), { status: answer.status, headers: answer.headers });
}

/** hooks.beforeSend(method, url, body): the body that is really sent; hooks.isLost(method, url): the answer never comes. */
export function fakeXhr(hooks = {}) {
  globalThis.XMLHttpRequest = class {
    upload = {};
    headers = {};
    controller = new AbortController();
    open(method, url) {
      Object.assign(this, { method, url });
    }
    setRequestHeader(name, value) {
      this.headers[name] = value;
    }
    getResponseHeader(name) {
      return this.answer?.headers.get(name) ?? null;
    }
    abort() {
      this.controller.abort();
    }
    async send(body) {
      try {
        const sent = hooks.beforeSend?.(this.method, this.url, body) ?? body;
        const init = { method: this.method, headers: this.headers, signal: this.controller.signal };
        const answer = await fetch(this.url, sent ? { ...init, body: sent } : init);
        const text = await answer.text();
        if (hooks.isLost?.(this.method, this.url)) throw new TypeError('lost');
        Object.assign(this, { answer, status: answer.status, responseText: text });
        this.upload.onprogress?.({ lengthComputable: true, loaded: sent?.size ?? 0 });
        this.onload?.();
      } catch (error) {
        if (!this.controller.signal.aborted) this.onerror?.(error);
      }
    }
  };
}

const BLOB = globalThis.File ?? (await import('node:buffer')).File;
export const fileOf = (name, bytes, type = 'application/pdf') => new BLOB([bytes], name, { type });
