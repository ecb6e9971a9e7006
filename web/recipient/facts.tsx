// Who sent it, when, and until when it can be read: the same on the first page, in the message, on
// paper and in the copy.

import type { HelloReply } from '../protocol/protocol';
import { type Format, useFormat } from '../ui/format';
import { useTexts } from '../ui/language';
import { useDrawn } from '../ui/redraw';
import { type RecipientTexts, texts } from './texts';

// A browser's first formatter of times takes an old telephone a fifth of a second: meanwhile one can type.
const NOT_YET: Pick<Format, 'dateTime'> = { dateTime: () => '\u00a0' };

export function factsOf(hello: HelloReply, t: RecipientTexts, format: Pick<Format, 'dateTime'>): [name: string, value: string][] {
  return [
    [t.from, hello.sender_name],
    [t.organisation, hello.organisation_name],
    [t.sent, format.dateTime(hello.sent_ms)],
    [t.until, format.dateTime(hello.expires_ms)],
  ];
}

/** `isShort`: where the organisation stands above it already. */
export function Facts({ hello, isShort = false }: { hello: HelloReply; isShort?: boolean }) {
  const t = useTexts(texts);
  const format = useFormat();
  const isDrawn = useDrawn();
  const facts = factsOf(hello, t, isDrawn ? format : NOT_YET).filter(([name]) => !isShort || name !== t.organisation);
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
