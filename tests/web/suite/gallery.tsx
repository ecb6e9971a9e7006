// Every component in the states that pages bring it into, to be looked at and used by a test.

import { render } from 'preact';
import { useState } from 'preact/hooks';

import { Failure } from '../../../web/client/failure';
import { Alert, FailureAlert } from '../../../web/ui/alert';
import { Button } from '../../../web/ui/button';
import { Dialog } from '../../../web/ui/dialog';
import { CodeField, PasswordField, TextArea, TextField } from '../../../web/ui/field';
import { Chips, FileList, Table } from '../../../web/ui/lists';
import { Page, StateHeading } from '../../../web/ui/page';
import { Progress } from '../../../web/ui/progress';
import { applyTheme } from '../../../web/ui/theme';

const LONG = 'Stichting Zorggroep voor Geestelijke Gezondheidszorg en Maatschappelijke Ondersteuning Noordoost-Overijssel';
const RIGHT_TO_LEFT = 'نتائج الفحص';

function Gallery() {
  const [text, setText] = useState('');
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const [isAsking, setAsking] = useState(false);
  const [chips, setChips] = useState(['ann@recipient.example', 'ben@voorbeeld', RIGHT_TO_LEFT]);
  const rows = [
    { id: '1', subject: LONG, status: 'Geopend', when: '24 november 2026' },
    { id: '2', subject: RIGHT_TO_LEFT, status: 'Verzonden', when: '23 november 2026' },
  ];
  return (
    <Page title="Gallery" organisation={LONG}>
      <StateHeading>Gallery</StateHeading>
      <div class="card">
        <Alert kind="info"><p class="utrecht-paragraph">info</p></Alert>
        <Alert kind="ok"><p class="utrecht-paragraph">ok</p></Alert>
        <Alert kind="warning"><p class="utrecht-paragraph">warning</p></Alert>
        <FailureAlert error={new Failure('tampered')} />
        <TextField label="Name" hint="A hint." value={text} onInput={setText} error="Not right." />
        <TextArea label="Text" value={text} onInput={setText} rows={3} />
        <PasswordField label="Password" value={password} onInput={setPassword} autoComplete="off" />
        <CodeField label="Code" value={code} onInput={setCode} />
        <output id="code">{code}</output>
        <div class="actions">
          <Button kind="primary" onClick={() => setAsking(true)}>Ask</Button>
          <Button>Secondary</Button>
          <Button kind="subtle">Subtle</Button>
          <Button kind="primary" isBusy>Busy</Button>
        </div>
      </div>
      <div class="card">
        <Chips label="Recipients" chips={chips.map((each) => ({ key: each, text: each, isInvalid: !each.includes('.') }))} onRemove={(key) => setChips(chips.filter((each) => each !== key))} />
        <FileList
          label="Attachments"
          files={[
            { key: 1, name: `${LONG}.pdf`, size: 1_234_567, actions: <Button>Download</Button> },
            { key: 2, name: 'scan.png', size: 50_000_000, extra: <Progress label="scan.png" done={42} total={100} /> },
          ]}
        />
        <Table
          caption="Messages"
          rows={rows}
          keyOf={(row) => row.id}
          columns={[
            { key: 'subject', title: 'Subject', cell: (row) => <bdi>{row.subject}</bdi> },
            { key: 'status', title: 'Status', cell: (row) => row.status },
            { key: 'when', title: 'When', cell: (row) => row.when },
          ]}
        />
      </div>
      {isAsking && (
        <Dialog title="Delete it?" onClose={() => setAsking(false)}>
          <p class="utrecht-paragraph">It is gone for good.</p>
          <div class="actions">
            <Button kind="primary" onClick={() => setAsking(false)}>Yes</Button>
            <Button onClick={() => setAsking(false)}>No</Button>
          </div>
        </Dialog>
      )}
    </Page>
  );
}

export function show(colour: string): void {
  applyTheme(colour);
  const root = document.createElement('div');
  document.body.replaceChildren(root);
  render(<Gallery />, root);
}
