// The logo that is set, and a file that may take its place. Its size and kind are looked at here, so
// that nobody waits for a refusal; the server looks at them too.

import { useId, useState } from 'preact/hooks';

import { Button } from '../../ui/button';
import { isolate } from '../../ui/isolate';
import { useTexts } from '../../ui/language';
import { Logo as Picture, isLogo } from '../../ui/logo';
import { texts } from './texts';

const LOGO_BYTES_MAX = 32 * 1024;
const SIDE_MAX = 2048;

export interface FreshLogo {
  bytes: Uint8Array;
  /** Of the file; '' when the logo goes. */
  name: string;
}

type Fault = 'logoKind' | 'logoLarge' | 'logoPixels';

async function faultOf(file: File, bytes: Uint8Array): Promise<Fault | null> {
  if (!isLogo(bytes)) return 'logoKind';
  if (file.size > LOGO_BYTES_MAX) return 'logoLarge';
  try {
    const { width, height } = await createImageBitmap(file);
    return Math.max(width, height) > SIDE_MAX ? 'logoPixels' : null;
  } catch {
    return 'logoPixels';
  }
}

interface LogoProps {
  saved: Uint8Array;
  /** null: it stays as it is. */
  fresh: FreshLogo | null;
  onChange: (fresh: FreshLogo | null) => void;
}

export function LogoField({ saved, fresh, onChange }: LogoProps) {
  const t = useTexts(texts);
  const id = useId();
  const [fault, setFault] = useState<Fault | null>(null);
  const shown = fresh?.bytes ?? saved;
  const take = async (file: File | undefined): Promise<void> => {
    if (!file) return;
    const bytes = new Uint8Array(await file.slice(0, LOGO_BYTES_MAX).arrayBuffer());
    const found = await faultOf(file, bytes);
    setFault(found);
    if (!found) onChange({ bytes, name: file.name });
  };
  const remove = (): void => {
    setFault(null);
    onChange(saved.length ? { bytes: new Uint8Array(), name: '' } : null);
  };
  const said = !fresh ? (saved.length ? t.logoThere : t.logoNone) : fresh.bytes.length ? t.logoFresh(isolate(fresh.name)) : t.logoGoes;
  return (
    <div class="logo-field" role="group" aria-labelledby={`${id}-label`}>
      <p class="utrecht-form-label first" id={`${id}-label`}>
        {t.logo}
      </p>
      <p class="utrecht-form-field-description" id={`${id}-hint`}>
        {t.logoHint}
      </p>
      {fault && (
        <p class="utrecht-form-field-error-message" role="alert" id={`${id}-error`}>
          {t[fault]}
        </p>
      )}
      <div class="logo-field__now">
        {shown.length > 0 && <Picture bytes={shown} />}
        <span role="status">{said}</span>
      </div>
      <div class="files-field__choose">
        <input
          class="files-field__input"
          type="file"
          accept="image/png,image/jpeg"
          id={id}
          aria-describedby={`${id}-hint${fault ? ` ${id}-error` : ''}`}
          aria-invalid={fault ? true : undefined}
          onChange={(event) => {
            void take(event.currentTarget.files?.[0]);
            event.currentTarget.value = ''; // the same file may be chosen again
          }}
        />
        <label class="utrecht-button utrecht-button--secondary-action" htmlFor={id}>
          {t.logoChoose}
        </label>
        {shown.length > 0 && <Button onClick={remove}>{t.logoRemove}</Button>}
      </div>
    </div>
  );
}
