// Several of a few, as the bits of one number.

import { useId } from 'preact/hooks';

import type { Option } from './choice';

interface CheckboxesProps {
  legend: string;
  hint?: string | undefined;
  error?: string | undefined;
  /** The value of each is its bit. */
  options: readonly Option<number>[];
  bits: number;
  onChange: (bits: number) => void;
}

export function Checkboxes({ legend, hint, error, options, bits, onChange }: CheckboxesProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <fieldset class="choices" aria-describedby={described || undefined}>
      <legend class="utrecht-form-label choices__legend">{legend}</legend>
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
      {options.map((option) => (
        <div class="choice" key={option.value}>
          <input
            type="checkbox"
            class="choice__input"
            id={`${id}-${option.value}`}
            checked={(bits & option.value) !== 0}
            aria-invalid={error ? true : undefined}
            aria-describedby={option.hint ? `${id}-${option.value}-hint` : undefined}
            onChange={(event) => onChange(event.currentTarget.checked ? bits | option.value : bits & ~option.value)}
          />
          <label class="choice__label" htmlFor={`${id}-${option.value}`}>
            {option.label}
          </label>
          {option.hint && (
            <div class="choice__hint quiet" id={`${id}-${option.value}-hint`}>
              {option.hint}
            </div>
          )}
        </div>
      ))}
    </fieldset>
  );
}
