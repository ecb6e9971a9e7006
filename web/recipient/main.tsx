// The page of a link, /m.

import { messageLink } from '../client/kept_link';
import { start } from '../ui/start';
import { App, Journey } from './app';

// Before anything else: the link leaves the address bar.
const link = messageLink.take();
messageLink.watch();
start(() => {
  const journey = new Journey(link);
  return { page: <App journey={journey} />, ready: journey.start() };
});
