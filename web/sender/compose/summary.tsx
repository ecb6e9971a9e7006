import { fileNameOf } from '../../client/file_name';
import { Alert, FailureAlert } from '../../ui/alert';
import { Button } from '../../ui/button';
import { useFormat } from '../../ui/format';
import { useTexts } from '../../ui/language';
import { Table } from '../../ui/lists';
import { StateHeading } from '../../ui/page';
import { Progress } from '../../ui/progress';
import { useSession } from '../session';
import { texts as office } from '../texts';
import { Strength, guessable } from './checks';
import { strengthOf } from './passwords';
import { WarningsShown } from './recipients';
import { texts } from './texts';
import type { Writing, WritingRecipient } from './writing';

export function Who({ recipient: { name, address } }: { recipient: { name: string; address: string } }) {
  return (
    <>
      {name && (
        <>
          <bdi class="strong">{name}</bdi>
          <br />
        </>
      )}
      <bdi>{address}</bdi>
    </>
  );
}

function WhoGetsWhat({ recipients }: { recipients: WritingRecipient[] }) {
  const t = useTexts(texts);
  const words = useTexts(office);
  const columns = [
    { key: 'who', title: t.who, cell: (each: WritingRecipient) => <Who recipient={each} /> },
    { key: 'method', title: t.proves, cell: (each: WritingRecipient) => words.method[each.method] },
    {
      key: 'strength',
      title: t.strengthShort,
      cell: (each: WritingRecipient) => (each.password ? <Strength password={each.password} forbidden={guessable([each])} /> : '–'),
    },
  ];
  return <Table caption={t.checkTitle} columns={columns} rows={recipients} keyOf={({ address }) => address} />;
}

function Content({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const words = useTexts(office);
  const format = useFormat();
  const files = [...writing.attachments.map((each) => each.file), ...writing.files.waiting];
  return (
    <>
      <h2 class="utrecht-heading-2">{t.gets}</h2>
      <dl class="info">
        <dt>{t.getsSubject}</dt>
        <dd>
          <bdi>{writing.subject}</bdi>
        </dd>
        <dt>{t.getsFiles}</dt>
        <dd>
          {files.length === 0 && t.getsNone}
          {files.map((each, at) => (
            <div key={at}>
              <bdi>{fileNameOf(each.name)}</bdi> <span class="quiet">{format.bytes(each.size)}</span>
            </div>
          ))}
        </dd>
        <dt>{t.getsUntil}</dt>
        <dd>{words.lifetime[writing.lifetimeDays]}</dd>
      </dl>
    </>
  );
}

export function Summary({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const session = useSession();
  const recipients = writing.checked();
  const isWeak = recipients.some((each) => each.password && strengthOf(each.password, guessable([each])) === 'weak');
  const isUploading = writing.files.waiting.length > 0 || writing.attachments.some((each) => each.state !== 'sent');
  return (
    <div class="card">
      <StateHeading>{t.checkTitle}</StateHeading>
      <p class="utrecht-paragraph">{t.checkText}</p>
      <FailureAlert error={writing.error} />
      <WarningsShown writing={writing} />
      {isWeak && (
        <Alert kind="warning">
          <p class="utrecht-paragraph">{t.weak}</p>
        </Alert>
      )}
      <WhoGetsWhat recipients={recipients} />
      <Content writing={writing} />
      {isUploading && <p class="utrecht-paragraph quiet">{t.filesOnTheirWay}</p>}
      <div class="actions">
        <Button kind="primary" onClick={() => void writing.send(session)}>
          {t.send}
        </Button>
        <Button onClick={() => writing.show('writing')}>{t.back}</Button>
      </div>
    </div>
  );
}

export function Sending({ writing }: { writing: Writing }) {
  const t = useTexts(texts);
  const total = writing.attachments.reduce((sum, each) => sum + each.totalBytes, 0);
  const done = writing.attachments.reduce((sum, each) => sum + (each.state === 'sent' ? each.totalBytes : each.sentBytes), 0);
  return (
    <div class="card">
      <StateHeading>{t.sendingTitle}</StateHeading>
      <p class="utrecht-paragraph">{t.sendingText}</p>
      {total > 0 && done < total ? (
        <Progress label={t.sendingFiles} done={done} total={total} />
      ) : (
        <p class="utrecht-paragraph" role="status">
          {t.sendingLast}
        </p>
      )}
    </div>
  );
}
