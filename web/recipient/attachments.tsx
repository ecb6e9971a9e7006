// The attachments: what each is, and saving or viewing it. What is offered is whole and verified.

import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';

import { isAbort } from '../client/failure';
import { endingOf } from '../client/file_name';
import { saveFile } from '../client/save';
import { Alert, FailureAlert } from '../ui/alert';
import { Button } from '../ui/button';
import { useFormat } from '../ui/format';
import { isolate } from '../ui/isolate';
import { useSharedTexts, useTexts } from '../ui/language';
import { FileList } from '../ui/lists';
import { Progress } from '../ui/progress';
import type { ReceivedFile, Verified } from './files';
import { type RecipientTexts, texts } from './texts';

type KindName = keyof RecipientTexts['kinds'];

const KINDS: Record<Exclude<KindName, 'other'>, string> = {
  image: 'png jpg jpeg gif webp bmp tif tiff heic avif',
  pdf: 'pdf',
  document: 'doc docx odt rtf pages',
  sheet: 'xls xlsx ods csv',
  slides: 'ppt pptx odp',
  text: 'txt md log',
  archive: 'zip 7z gz tar rar',
  sound: 'mp3 wav m4a ogg flac',
  film: 'mp4 mov avi mkv webm',
  macros: 'docm dotm xlsm xltm xlsb pptm',
  web: 'html htm xhtml mht mhtml svg',
  program: 'exe msi bat cmd com scr pif js jse vbs vbe wsf hta ps1 sh jar app apk dmg deb rpm lnk iso img reg',
};
/** Can do more than be looked at. */
const CAREFUL: ReadonlySet<KindName> = new Set<KindName>(['macros', 'web', 'program']);
const VIEWABLE = new Set(['png', 'jpg', 'jpeg', 'gif', 'webp', 'pdf']);

function kindOfName(name: string): KindName {
  const ending = endingOf(name);
  const found = Object.entries(KINDS).find(([, endings]) => endings.split(' ').includes(ending));
  return (found?.[0] as KindName | undefined) ?? 'other';
}

/** "PDF", "Image (JPG)", "XYZ file": from the ending, which is what the reader's own system goes by. */
function kindText(name: string, t: RecipientTexts): string {
  const ending = endingOf(name).toUpperCase();
  const kind = kindOfName(name);
  if (kind === 'other') return ending ? t.kindOf(ending) : t.kinds.other;
  return kind === 'pdf' ? t.kinds.pdf : `${t.kinds[kind]} (${ending})`;
}

export function Attachments({ files }: { files: readonly ReceivedFile[] }) {
  const t = useTexts(texts);
  const format = useFormat();
  const title = t.attachments(format.number(files.length));
  return (
    <section class="card attachments" aria-label={title}>
      <h2 class="utrecht-heading-2">{title}</h2>
      <AttachmentRows files={files} label={title} />
    </section>
  );
}

export function AttachmentRows({ files, label }: { files: readonly ReceivedFile[]; label: string }) {
  const [said, say] = useState('');
  const rows = files.map((file) => ({
    key: file.attachment.part,
    name: file.name,
    size: file.attachment.size,
    extra: <Row file={file} say={say} />,
  }));
  return (
    <>
      <FileList label={label} files={rows} />
      <div class="visually-hidden" role="status">
        {said}
      </div>
    </>
  );
}

/**
 * A transfer that was begun in this row takes the button away that began it, and its end takes the
 * "cancel" away: the focus goes to what can be done next. One that "save a copy" began leaves the focus alone.
 */
function useFocusStays(isRunning: boolean) {
  const box = useRef<HTMLDivElement>(null);
  const isBegunHere = useRef(false);
  useLayoutEffect(() => {
    const isLost = document.activeElement === document.body || document.activeElement === null;
    const next = box.current?.querySelector<HTMLElement>('a[href]') ?? box.current?.querySelector<HTMLElement>('button');
    if (isBegunHere.current && isLost) next?.focus();
    isBegunHere.current &&= isRunning;
  }, [isRunning]);
  return { box, isBegunHere };
}

interface RowProps {
  file: ReceivedFile;
  say: (what: string) => void;
}

function Row({ file, say }: RowProps) {
  const t = useTexts(texts);
  const [isShown, setShown] = useState(false);
  const { state } = file;
  const { box, isBegunHere } = useFocusStays(state.at === 'coming');
  const fetch = async (then: (verified: Verified) => void): Promise<void> => {
    isBegunHere.current = state.at !== 'here';
    try {
      then(await file.get());
    } catch (error) {
      if (!isAbort(error)) setShown(false); // the row itself says what failed
    }
  };
  const save = (): void =>
    void fetch(({ content }) => {
      saveFile(content, file.name);
      say(t.saved(isolate(file.name)));
    });
  const view = (): void => {
    setShown(true);
    void fetch(() => say(t.shown(isolate(file.name))));
  };
  const isOther = state.at === 'here' && !state.file.kind && VIEWABLE.has(endingOf(file.name));
  return (
    <div ref={box}>
      <p class="attachment__kind quiet">{kindText(file.name, t)}</p>
      {state.at === 'here' && <p class="attachment__checked">{t.checked}</p>}
      {isOther && <p class="attachment__careful">{t.notWhatItSays}</p>}
      {CAREFUL.has(kindOfName(file.name)) && <p class="attachment__careful">{t.careful}</p>}
      {state.at === 'coming' && <Coming file={file} bytes={state.bytes} />}
      {state.at === 'failed' && <FailureAlert error={state.error} />}
      {state.at !== 'coming' && (
        <div class="attachment__actions no-print">
          <Saving file={file} onSave={save} />
          <Viewing file={file} isShown={isShown} onView={view} onHide={() => setShown(false)} />
        </div>
      )}
      {isShown && state.at === 'here' && <Preview name={file.name} file={state.file} />}
    </div>
  );
}

function Saving({ file, onSave }: { file: ReceivedFile; onSave: () => void }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const name = isolate(file.name);
  const [text, label] = {
    away: [shared.download, t.downloadOf(name)],
    coming: [shared.download, t.downloadOf(name)],
    here: [t.save, t.saveOf(name)],
    failed: [shared.tryAgain, t.tryAgainOf(name)],
  }[file.state.at] as [string, string];
  return (
    <Button label={label} onClick={onSave}>
      {text}
    </Button>
  );
}

/** The button that shows it: an image here, a PDF in a tab of its own (decision 0022). */
function Viewing({ file, isShown, onView, onHide }: { file: ReceivedFile; isShown: boolean; onView: () => void; onHide: () => void }) {
  const t = useTexts(texts);
  const { state } = file;
  const name = isolate(file.name);
  if (state.at !== 'here') {
    if (!VIEWABLE.has(endingOf(file.name))) return null;
    return (
      <Button label={t.viewOf(name)} onClick={onView}>
        {t.view}
      </Button>
    );
  }
  if (state.file.kind === 'application/pdf')
    return (
      <a class="utrecht-link attachment__open" href={state.file.address} target="_blank" rel="noopener noreferrer" aria-label={t.openPdfOf(name)}>
        {t.openPdf}
      </a>
    );
  if (!state.file.kind) return null;
  return (
    <Button label={isShown ? t.hideOf(name) : t.viewOf(name)} onClick={isShown ? onHide : onView}>
      {isShown ? t.hide : t.view}
    </Button>
  );
}

const STALLED_MS = 4000;

/** Whether no byte has come for a while. */
function useStalled(bytes: number): boolean {
  const [stalledAt, setStalledAt] = useState(-1);
  useEffect(() => {
    const timer = setTimeout(() => setStalledAt(bytes), STALLED_MS);
    return () => clearTimeout(timer);
  }, [bytes]);
  return stalledAt === bytes;
}

function Coming({ file, bytes }: { file: ReceivedFile; bytes: number }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const format = useFormat();
  const isStalled = useStalled(bytes);
  return (
    <div class="transfer">
      <Progress label={t.loading(format.bytes(bytes), format.bytes(file.attachment.size))} done={bytes} total={file.attachment.size} />
      <p class="quiet" role="status">
        {isStalled && shared.connectionLost}
      </p>
      <Button label={t.cancelOf(isolate(file.name))} onClick={() => file.cancel()}>
        {shared.cancel}
      </Button>
    </div>
  );
}

function Preview({ name, file }: { name: string; file: Verified }) {
  const t = useTexts(texts);
  const [isBroken, setBroken] = useState(false);
  if (!file.kind || file.kind === 'application/pdf') return null;
  if (isBroken)
    return (
      <Alert kind="warning">
        <p class="utrecht-paragraph">{t.notShown}</p>
      </Alert>
    );
  return <img class="attachment__image" src={file.address} alt={name} onError={() => setBroken(true)} />;
}
