// Where in the office somebody is. What names a message or a person stands behind the '#': no server
// and no log sees it.

import { useEffect, useState } from 'preact/hooks';

export interface Place {
  path: string;
  /** Without '#'. */
  fragment: string;
}

const watchers = new Set<(place: Place) => void>();

function here(): Place {
  return { path: location.pathname, fragment: location.hash.slice(1) };
}

function tell(): void {
  const place = here();
  for (const watcher of watchers) watcher(place);
}

window.addEventListener('popstate', tell);
window.addEventListener('hashchange', tell);

export function go(to: string): void {
  history.pushState(null, '', to);
  window.scrollTo(0, 0);
  tell();
}

/** Takes the fragment out of the address bar and the history. */
export function dropFragment(): void {
  history.replaceState(null, '', location.pathname);
  tell();
}

export function usePlace(): Place {
  const [place, set] = useState(here);
  useEffect(() => {
    watchers.add(set);
    set(here());
    return () => void watchers.delete(set);
  }, []);
  return place;
}
