// An upload server in memory behind XMLHttpRequest, as much of tus as the pages use; and a network that
// goes away and comes back. server.isAway: no answer comes; server.refuses(method): a status, or nothing.

export class TusServer {
  /** url -> { length, bytes, isTakenBack } */
  uploads = new Map();
  /** 'POST', 'HEAD', 'PATCH 8388608', 'DELETE' */
  asked = [];
  isAway = false;
  refuses = () => 0;
  /** So many bytes of this PATCH are kept before its connection breaks; null: all, and it does not. */
  breaksAt = () => null;
  /** A request was opened, and not sent yet. */
  opened = () => {};

  get open() {
    return [...this.uploads.values()].filter((each) => !each.isTakenBack);
  }

  /** { status, headers }, or null where no answer comes. */
  async answer(method, url, headers, body) {
    if (this.isAway) return null;
    this.asked.push(method === 'PATCH' ? `PATCH ${headers['Upload-Offset']}` : method);
    const refused = this.refuses(method);
    if (refused) return { status: refused, headers: {} };
    if (method === 'POST') return this.make(Number(headers['Upload-Length']));
    const upload = this.uploads.get(new URL(url).pathname);
    if (!upload || upload.isTakenBack) return { status: 404, headers: { 'Secure-Mail-Outcome': 'not-found' } };
    if (method === 'DELETE') upload.isTakenBack = true;
    if (method === 'DELETE') return { status: 204, headers: {} };
    if (method === 'PATCH') return this.append(upload, Number(headers['Upload-Offset']), Buffer.from(await body.arrayBuffer()));
    return { status: 200, headers: { 'Upload-Offset': upload.bytes.length, 'Upload-Length': upload.length } };
  }

  make(length) {
    const path = `/api/v1/uploads/${this.uploads.size + 1}`;
    this.uploads.set(path, { length, bytes: Buffer.alloc(0), isTakenBack: false });
    return { status: 201, headers: { Location: path } };
  }

  append(upload, offset, bytes) {
    if (offset !== upload.bytes.length) return { status: 409, headers: {} };
    const kept = this.breaksAt(offset);
    upload.bytes = Buffer.concat([upload.bytes, bytes.subarray(0, kept ?? bytes.length)]);
    return kept === null ? { status: 204, headers: { 'Upload-Offset': upload.bytes.length } } : null;
  }
}

/** The pages' XMLHttpRequest speaks to it. */
export function serveUploads(server) {
  globalThis.XMLHttpRequest = class {
    upload = {};
    headers = {};
    open(method, url) {
      Object.assign(this, { method, url, isSent: false, isAborted: false });
      server.opened(method);
    }
    setRequestHeader(name, value) {
      this.headers[name] = value;
    }
    getResponseHeader(name) {
      return this.answer.headers[name] === undefined ? null : String(this.answer.headers[name]);
    }
    abort() {
      this.isAborted = this.isSent;
      if (!this.isSent) this.headers = {}; // as Chromium: it can be sent all the same
    }
    async send(body) {
      this.isSent = true;
      this.answer = await server.answer(this.method, this.url, this.headers, body);
      if (this.isAborted) return;
      if (!this.answer) return this.onerror(new TypeError('network error'));
      Object.assign(this, { status: this.answer.status, responseText: '' });
      this.onload();
    }
  };
}

/** Waiting of more than `ms` takes `ms`: tries that are half a minute apart come after one another. */
export function hurry(ms = 1) {
  const real = globalThis.setTimeout;
  globalThis.setTimeout = (then, after, ...more) => real(then, Math.min(after ?? 0, ms), ...more);
}

export function setOnline(isOnline) {
  Object.defineProperty(globalThis, 'navigator', { value: { onLine: isOnline }, configurable: true });
  dispatchEvent(new Event(isOnline ? 'online' : 'offline'));
}
