// The requests of an upload, of which one that was aborted is never sent. tus opens a request, reads
// what goes into it, and sends it also where somebody pressed "pause" meanwhile; a browser has then
// forgotten its headers (Chromium) or sends it as if nothing had happened.

import { DefaultHttpStack, type HttpRequest, type HttpResponse, type HttpStack } from 'tus-js-client';

/** As of a request that was aborted on its way: nobody hears of it any more. */
const NEVER = new Promise<HttpResponse>(() => {});

function abortable(request: HttpRequest): HttpRequest {
  const send = request.send.bind(request);
  const abort = request.abort.bind(request);
  let isAborted = false;
  request.send = (body) => (isAborted ? NEVER : send(body));
  request.abort = () => {
    isAborted = true;
    return abort();
  };
  return request;
}

export class UploadRequests implements HttpStack {
  private readonly browser = new DefaultHttpStack({});

  createRequest(method: string, url: string): HttpRequest {
    return abortable(this.browser.createRequest(method, url));
  }

  getName(): string {
    return this.browser.getName();
  }
}
