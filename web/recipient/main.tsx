// The page of a link, /m.

import { messageLink } from '../client/kept_link';
import { start } from '../ui/start';
import { App } from './app';

// Before anything else: the link leaves the address bar.
const link = messageLink.take();
messageLink.watch();
start(<App link={link} />);
