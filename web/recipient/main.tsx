// The page of a link, /m.

import { takeLink } from '../client/visit';
import { start } from '../ui/start';
import { App } from './app';

// Before anything else: the link leaves the address bar.
const link = takeLink();

start(<App link={link} />);
