// The page of a link, /m.

import { takeLink } from '../client/visit';
import { start } from '../ui/start';
import { App } from './app';

// Before anything else: the link leaves the address bar.
const link = takeLink();

// Another link in this same tab changes only the fragment: begin anew with it.
addEventListener('hashchange', () => {
  if (takeLink()) location.reload();
});

start(<App link={link} />);
