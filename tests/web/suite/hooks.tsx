// A hook of the sender's pages by itself: a session around it, and nothing that is drawn.

import { render } from 'preact';

import type { Office } from '../../../web/client/office';
import { SessionProvider } from '../../../web/sender/session';

type Around = Parameters<typeof SessionProvider>[0];

export interface Hooked<Given extends unknown[], Result> {
  /** Of the last drawing. */
  now: Result | null;
  draw(...given: Given): void;
}

export function hooked<Given extends unknown[], Result>(hook: (...given: Given) => Result, office: Office): Hooked<Given, Result> {
  const place = { childNodes: [], firstChild: null } as unknown as Element;
  const around = { office } as Around;
  const Alone = ({ given }: { given: Given }): null => {
    one.now = hook(...given);
    return null;
  };
  const one: Hooked<Given, Result> = {
    now: null,
    draw: (...given) =>
      render(
        <SessionProvider {...around}>
          <Alone given={given} />
        </SessionProvider>,
        place,
      ),
  };
  return one;
}
