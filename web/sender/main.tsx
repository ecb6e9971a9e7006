// The page of the organisation's people: /, /compose, /message, /settings, /admin.

import { start } from '../ui/start';
import { App } from './app';

start(<App />);
