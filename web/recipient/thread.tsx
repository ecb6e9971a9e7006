// What was said after the message: own replies, and, once the server gives them, the sender's answers.

import { tabMemory } from '../client/storage';
import { Formatted } from '../ui/formatted';
import { useFormat } from '../ui/format';
import { isolate } from '../ui/isolate';
import { useTexts } from '../ui/language';
import { texts } from './texts';

export interface ThreadEntry {
  isOwn: boolean;
  name: string;
  sentMs: number;
  body: string;
  /** Names of its attachments. */
  files: string[];
}

const NAME = 'thread';
const memoryName = (message: string): string => `${NAME}.${message}`;

function isEntry(value: unknown): value is ThreadEntry {
  const entry = value as ThreadEntry;
  return typeof entry?.body === 'string' && typeof entry.name === 'string' && Number.isFinite(entry.sentMs) && Array.isArray(entry.files) && entry.files.every((each) => typeof each === 'string');
}

/** What was sent from this tab. */
export function keptThread(message: string): ThreadEntry[] {
  try {
    const kept: unknown = JSON.parse(tabMemory.read(memoryName(message)) ?? '[]');
    return Array.isArray(kept) ? kept.filter(isEntry) : [];
  } catch {
    return [];
  }
}

export function keepThread(message: string, entries: readonly ThreadEntry[]): void {
  tabMemory.write(memoryName(message), entries.length ? JSON.stringify(entries) : null);
}

export function Thread({ entries }: { entries: readonly ThreadEntry[] }) {
  const t = useTexts(texts);
  const format = useFormat();
  if (entries.length === 0) return null;
  return (
    <section class="card" aria-label={t.thread}>
      <h2 class="utrecht-heading-2">{t.thread}</h2>
      <ol class="thread">
        {entries.map((entry, index) => (
          <li class={`thread__entry${entry.isOwn ? ' thread__entry--own' : ''}`} key={index}>
            <p class="quiet">{entry.isOwn ? t.youWrote(format.dateTime(entry.sentMs)) : t.theyWrote(isolate(entry.name), format.dateTime(entry.sentMs))}</p>
            <Formatted text={entry.body} />
            {entry.files.length > 0 && (
              <ul class="thread__files">
                {entry.files.map((name, at) => (
                  <li key={at}>
                    <bdi>{name}</bdi>
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}
