// The page of a link, /m.

import { messageLink } from '../client/kept_link';
import { start } from '../ui/start';
import { App } from './app';

// Before anything else: the link leaves the address bar.
const link = messageLink.take();

// Another link in this same tab changes only the fragment: begin anew with it.
addEventListener('hashchange', () => {
  if (messageLink.take()) location.reload();
});

start(<App link={link} />);
