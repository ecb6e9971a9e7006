import { useId } from 'preact/hooks';

import { Field } from '../../ui/field';
import { useFormat } from '../../ui/format';
import { useTexts } from '../../ui/language';
import { readableOn } from './readable';
import { texts } from './texts';

/** What the picker stands at while no colour is set: our own. */
export const OUR_COLOUR = '#1d4f7c';

export function isColour(text: string): boolean {
  return text === '' || /^#[0-9a-f]{6}$/.test(text);
}

export function Colour({ colour, error, onChange }: { colour: string; error?: string | undefined; onChange: (colour: string) => void }) {
  const t = useTexts(texts);
  const format = useFormat();
  const id = useId();
  const readable = readableOn(colour);
  const take = (text: string): void => onChange(text.trim().toLowerCase());
  return (
    <>
      <Field label={t.colour} hint={t.colourHint} error={error}>
        {(wiring) => (
          <div class="field__row colour">
            <input
              id={wiring.id}
              class={`utrecht-textbox utrecht-textbox--html-input${wiring.isInvalid ? ' utrecht-textbox--invalid' : ''}`}
              value={colour}
              dir="ltr"
              spellcheck={false}
              autoComplete="off"
              maxLength={7}
              aria-invalid={wiring.isInvalid || undefined}
              aria-describedby={[wiring.describedBy, `${id}-readable`].filter(Boolean).join(' ')}
              onInput={(event) => take(event.currentTarget.value)}
            />
            <input
              type="color"
              class="colour__picker"
              aria-label={t.colourPick}
              value={readable ? colour : OUR_COLOUR}
              onInput={(event) => take(event.currentTarget.value)}
            />
          </div>
        )}
      </Field>
      <p class="utrecht-paragraph quiet colour__readable" id={`${id}-readable`} role="status">
        {readable && t.readable[readable.how](format.number(Math.floor(readable.ratio * 10) / 10))}
      </p>
    </>
  );
}
