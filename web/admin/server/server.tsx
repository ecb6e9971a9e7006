// How the server is doing: its parts, what waits, what was destroyed, storage, and the ages of keys.

import type { ComponentChildren } from 'preact';
import { useCallback, useMemo } from 'preact/hooks';

import { AuditLog, type SystemStatus } from '../../client/audit';
import { toHex } from '../../envelope/bytes';
import type { KeyRow, OrganisationReply, StatusReply } from '../../protocol/protocol';
import { useSession } from '../../sender/session';
import { Alert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { useFormat } from '../../ui/format';
import { useTexts } from '../../ui/language';
import { type Column, Table } from '../../ui/lists';
import { StateHeading } from '../../ui/page';
import { Answered, useAnswer } from '../answer';
import { Rotation } from './rotation';
import { texts } from './texts';

const SERVICES = ['crypto', 'notifier', 'retention', 'audit'] as const;
const LATE_MS = 5 * 60_000;

interface All {
  system: SystemStatus;
  crypto: StatusReply;
  organisation: OrganisationReply;
}

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="card">
      <h2 class="utrecht-heading-2 first">{title}</h2>
      {children}
    </section>
  );
}

function Parts({ system }: { system: SystemStatus }) {
  const t = useTexts(texts);
  return (
    <Section title={t.health}>
      <ul class="parts">
        {SERVICES.map((each) => (
          <li key={each} class="parts__item">
            <div>
              <span class="strong">{t.service[each]}</span>
              <div class="quiet">{t.serviceText[each]}</div>
            </div>
            <span class={`status status--${system[each] ? 'opened' : 'undeliverable'}`}>{system[each] ? t.up : t.down}</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Waiting({ crypto }: { crypto: StatusReply }) {
  const t = useTexts(texts);
  const format = useFormat();
  const tell = (count: number, oldestMs: number): string => (count ? t.since(format.number(count), format.dateTime(oldestMs)) : t.nothingWaits);
  const oldest = [crypto.oldest_event_ms, crypto.oldest_mail_ms].filter((each) => each > 0);
  const isLate = oldest.some((each) => crypto.now_ms - each > LATE_MS);
  return (
    <Section title={t.waiting}>
      {isLate && <Alert kind="warning">{t.late}</Alert>}
      <dl class="info">
        <dt>{t.events}</dt>
        <dd>{tell(crypto.events_waiting, crypto.oldest_event_ms)}</dd>
        <dt>{t.mails}</dt>
        <dd>{tell(crypto.mails_waiting, crypto.oldest_mail_ms)}</dd>
      </dl>
    </Section>
  );
}

function Retention({ system }: { system: SystemStatus }) {
  const t = useTexts(texts);
  const format = useFormat();
  if (!system.retention) return null;
  return (
    <Section title={t.retention}>
      {system.failed > 0 && <Alert kind="warning">{t.failedText}</Alert>}
      <dl class="info">
        <dt>{t.lastSweep}</dt>
        <dd>{system.last_sweep_ms ? format.dateTime(system.last_sweep_ms) : t.noSweep}</dd>
        <dt>{t.purged}</dt>
        <dd>{format.number(system.purged)}</dd>
        <dt>{t.failed}</dt>
        <dd>{format.number(system.failed)}</dd>
      </dl>
    </Section>
  );
}

function Storage({ system, organisation }: { system: SystemStatus; organisation: OrganisationReply }) {
  const t = useTexts(texts);
  const format = useFormat();
  return (
    <Section title={t.storage}>
      <dl class="info">
        <dt>{t.stored}</dt>
        <dd>{t.storedOf(format.bytes(organisation.stored_bytes), format.bytes(organisation.total_bytes_max))}</dd>
        {system.audit && (
          <>
            <dt>{t.entries}</dt>
            <dd>{format.number(system.log_size)}</dd>
          </>
        )}
      </dl>
    </Section>
  );
}

function Keys({ crypto }: { crypto: StatusReply }) {
  const t = useTexts(texts);
  const format = useFormat();
  const { office } = useSession();
  const columns: Column<KeyRow>[] = [
    { key: 'key', title: t.key, cell: ({ purpose }) => t.purpose[purpose] ?? purpose },
    { key: 'version', title: t.version, cell: ({ version }) => format.number(version) },
    { key: 'made', title: t.made, cell: ({ created_ms: ms }) => `${format.date(ms)} (${format.relative(ms, crypto.now_ms)})` },
  ];
  return (
    <Section title={t.keys}>
      <p class="utrecht-paragraph">{t.keysText}</p>
      <Table caption={t.keysCaption} columns={columns} rows={crypto.keys} keyOf={({ purpose, version }) => `${purpose} ${version}`} />
      <h3 class="utrecht-heading-3">{t.pin}</h3>
      <p class="utrecht-paragraph code-text">{toHex(office.server.pin).replace(/(.{4})(?=.)/g, '$1 ')}</p>
      <p class="utrecht-paragraph quiet">{t.pinText}</p>
    </Section>
  );
}

export function ServerPage() {
  const t = useTexts(texts);
  const format = useFormat();
  const { office } = useSession();
  const log = useMemo(() => new AuditLog(office), [office]);
  const ask = useCallback(async (): Promise<All> => {
    const [system, crypto, organisation] = [await log.status(), await office.call('status', {}), await office.organisation()];
    return { system, crypto, organisation };
  }, [office, log]);
  const answer = useAnswer(ask);
  return (
    <div class="narrow">
      <StateHeading>{t.title}</StateHeading>
      <p class="utrecht-paragraph">{t.intro}</p>
      <Answered answer={answer}>
        {({ system, crypto, organisation }) => (
          <>
            <div class="actions server__again">
              <Button onClick={answer.again}>{t.refresh}</Button>
              <span class="quiet" role="status">
                {t.at(format.time(crypto.now_ms))}
              </span>
            </div>
            <Parts system={system} />
            <Waiting crypto={crypto} />
            <Retention system={system} />
            <Storage system={system} organisation={organisation} />
            <Keys crypto={crypto} />
            <Rotation told={crypto.rotation} onDone={answer.again} />
          </>
        )}
      </Answered>
    </div>
  );
}
