// Fields of a form: label, hint and error belong to the input, for eyes and for screen readers.

import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';

import { useSharedTexts } from './language';

export interface FieldProps {
  label: string;
  hint?: string | undefined;
  /** What is wrong and what to do; '' or undefined: nothing is. */
  error?: string | undefined;
}

interface Wiring {
  id: string;
  describedBy: string | undefined;
  isInvalid: boolean;
}

/** The frame around any input: give the input what `children` is called with. */
export function Field({ label, hint, error, children }: FieldProps & { children: (wiring: Wiring) => ComponentChildren }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class={`utrecht-form-field utrecht-form-field--text${error ? ' utrecht-form-field--invalid' : ''}`}>
      <label class="utrecht-form-label utrecht-form-field__label" htmlFor={id}>
        {label}
      </label>
      {hint && (
        <div class="utrecht-form-field-description" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {error && (
        <div class="utrecht-form-field-error-message" id={`${id}-error`}>
          {error}
        </div>
      )}
      <div class="utrecht-form-field__input">{children({ id, describedBy: described || undefined, isInvalid: Boolean(error) })}</div>
    </div>
  );
}

export interface InputProps extends FieldProps {
  value: string;
  onInput: (value: string) => void;
  onBlur?: (() => void) | undefined;
  autoComplete?: string | undefined;
  isRequired?: boolean | undefined;
  maxLength?: number | undefined;
}

/** What differs between the fields; the attributes' own types tie `type` to roles that we do not use. */
interface Native {
  type: string;
  inputMode?: string;
  autoComplete?: string;
  autoCapitalize?: string;
  spellcheck?: boolean;
  pattern?: string;
  dir?: string;
  class?: string;
  onInput?: (event: Event & { currentTarget: HTMLInputElement }) => void;
}

function inputOf(props: InputProps, wiring: Wiring, more: Native) {
  return (
    <input
      id={wiring.id}
      class={`utrecht-textbox utrecht-textbox--html-input${wiring.isInvalid ? ' utrecht-textbox--invalid' : ''}`}
      value={props.value}
      onInput={(event) => props.onInput(event.currentTarget.value)}
      onBlur={props.onBlur}
      autoComplete={props.autoComplete ?? 'off'}
      aria-describedby={wiring.describedBy}
      aria-invalid={wiring.isInvalid || undefined}
      aria-required={props.isRequired || undefined}
      maxLength={props.maxLength}
      dir="auto"
      {...(more as object)}
    />
  );
}

export function TextField(props: InputProps & { type?: 'text' | 'email' | 'search' | undefined }) {
  return <Field {...props}>{(wiring) => inputOf(props, wiring, { type: props.type ?? 'text' })}</Field>;
}

export function TextArea(props: InputProps & { rows?: number | undefined }) {
  return (
    <Field {...props}>
      {(wiring) => (
        <textarea
          id={wiring.id}
          class={`utrecht-textarea utrecht-textarea--html-textarea${wiring.isInvalid ? ' utrecht-textarea--invalid' : ''}`}
          value={props.value}
          rows={props.rows ?? 10}
          onInput={(event) => props.onInput(event.currentTarget.value)}
          onBlur={props.onBlur}
          aria-describedby={wiring.describedBy}
          aria-invalid={wiring.isInvalid || undefined}
          aria-required={props.isRequired || undefined}
          dir="auto"
        />
      )}
    </Field>
  );
}

/** A password that can be looked at: nobody types a long one blind. */
export function PasswordField({ startsShown = false, ...props }: InputProps & { startsShown?: boolean | undefined }) {
  const t = useSharedTexts();
  const [isShown, setShown] = useState(startsShown);
  const more: Native = { type: isShown ? 'text' : 'password', autoCapitalize: 'none', spellcheck: false, dir: 'ltr' };
  return (
    <Field {...props}>
      {(wiring) => (
        <div class="field__row">
          {inputOf(props, wiring, more)}
          <button
            type="button"
            class="utrecht-button utrecht-button--secondary-action"
            aria-label={isShown ? t.hidePassword : t.showPassword}
            aria-controls={wiring.id}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? t.hide : t.show}
          </button>
        </div>
      )}
    </Field>
  );
}

const NOT_DIGITS = /\D/g;

/** Six digits: from the keyboard, pasted with spaces, or offered by the phone. */
export function CodeField(props: Omit<InputProps, 'maxLength' | 'autoComplete'> & { digits?: number | undefined }) {
  const { digits = 6 } = props;
  const take = (text: string): void => props.onInput(text.replace(NOT_DIGITS, '').slice(0, digits));
  const more: Native = {
    type: 'text',
    inputMode: 'numeric',
    autoComplete: 'one-time-code',
    pattern: '[0-9]*',
    dir: 'ltr',
    class: `utrecht-textbox utrecht-textbox--html-input field__code${props.error ? ' utrecht-textbox--invalid' : ''}`,
    onInput: (event) => {
      take(event.currentTarget.value);
      event.currentTarget.value = event.currentTarget.value.replace(NOT_DIGITS, '').slice(0, digits);
    },
  };
  return <Field {...props}>{(wiring) => inputOf(props, wiring, more)}</Field>;
}
