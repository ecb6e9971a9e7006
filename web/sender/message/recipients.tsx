// Each recipient's trail, and what the sender can do about it.

import { useState } from 'preact/hooks';

import { hasWord } from '../../client/failure';
import type { RecipientRow } from '../../client/lists';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { useTexts } from '../../ui/language';
import { useSession } from '../session';
import { Status } from '../status';
import { texts as office } from '../texts';
import type { Detail } from './detail';
import { texts } from './texts';
import { Trail, isEnded, isLocked } from './trail';

export interface Act {
  /** Does it, shows `said` when it is done, and the message as it is then. */
  (work: () => Promise<void>, said: string): Promise<void>;
}

interface Asked {
  title: string;
  text: string;
  more?: string | undefined;
  yes: string;
  isDelete?: boolean | undefined;
}

/** A question before what cannot be called back. */
export function Sure({ asked, onYes, onNo }: { asked: Asked; onYes: () => void; onNo: () => void }) {
  const t = useTexts(texts);
  return (
    <Dialog title={asked.title} onClose={onNo}>
      <p class="utrecht-paragraph">{asked.text}</p>
      {asked.more && <p class="utrecht-paragraph">{asked.more}</p>}
      <div class="actions">
        <Button kind="primary" onClick={onYes}>
          {asked.yes}
        </Button>
        <Button onClick={onNo}>{t.keepOne}</Button>
      </div>
    </Dialog>
  );
}

interface RecipientProps {
  detail: Detail;
  recipient: RecipientRow;
  act: Act;
}

function RecipientActions({ detail, recipient, act }: RecipientProps) {
  const t = useTexts(texts);
  const { office: client } = useSession();
  const [isAsking, setAsking] = useState(false);
  const { message } = detail.message;
  const who = recipient.name || recipient.address;
  if (isEnded(recipient, detail.now_ms)) return null;
  const revoke = (): void => {
    setAsking(false);
    void act(() => client.revoke(message, recipient.link), t.revoked);
  };
  return (
    <div class="actions">
      {isLocked(recipient, detail.now_ms) && (
        <Button kind="primary" label={t.unlockFor(who)} onClick={() => void act(() => client.unlock(message, recipient.link), t.unlocked(who))}>
          {t.unlock}
        </Button>
      )}
      <Button label={t.resendFor(who)} onClick={() => void act(() => client.resend(message, recipient.link), t.resent(who))}>
        {t.resend}
      </Button>
      {detail.recipients.length > 1 && (
        <Button label={t.revokeFor(who)} onClick={() => setAsking(true)}>
          {t.revoke}
        </Button>
      )}
      {isAsking && <Sure asked={{ title: t.revokeTitle, text: t.revokeOneText(who), yes: t.revoke }} onYes={revoke} onNo={() => setAsking(false)} />}
    </div>
  );
}

function Recipient({ detail, recipient, act }: RecipientProps) {
  const t = useTexts(texts);
  const words = useTexts(office);
  const { name, address, method, status } = recipient;
  return (
    <li class="recipient">
      <div class="recipient__head">
        <h3 class="utrecht-heading-3 first">
          <bdi>{name || address}</bdi>
        </h3>
        <Status status={status} />
      </div>
      <p class="utrecht-paragraph quiet">
        {name && (
          <>
            <bdi>{address}</bdi>
            {' · '}
          </>
        )}
        {t.method(words.method[method] ?? '')}
      </p>
      <Trail recipient={recipient} sentMs={detail.message.created_ms} attachments={detail.message.parts - 1} nowMs={detail.now_ms} />
      <RecipientActions detail={detail} recipient={recipient} act={act} />
    </li>
  );
}

export function Recipients({ detail, act }: { detail: Detail; act: Act }) {
  const t = useTexts(texts);
  if (detail.recipients.length === 0) return null;
  return (
    <section class="card" aria-labelledby="recipients">
      <h2 class="utrecht-heading-2 first" id="recipients">
        {t.recipients}
      </h2>
      <ul class="recipients">
        {detail.recipients.map((each) => (
          <Recipient key={each.link} detail={detail} recipient={each} act={act} />
        ))}
      </ul>
    </section>
  );
}

export function ActResult({ said, error }: { said: string; error: unknown }) {
  const t = useTexts(texts);
  if (hasWord(error, 'rate-limited')) return <Alert kind="warning">{t.resendLater}</Alert>;
  if (error) return <FailureAlert error={error} />;
  return said ? <Alert kind="ok">{said}</Alert> : null;
}
