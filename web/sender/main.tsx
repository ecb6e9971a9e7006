// The page of the organisation's people: /, /compose, /message, /settings, /admin.

import { Office } from '../client/office';
import { start } from '../ui/start';
import { App, RESET } from './app';

start(() => {
  const office = location.pathname === RESET ? null : Office.open();
  return { page: <App office={office} />, ready: Promise.resolve(office) };
});
