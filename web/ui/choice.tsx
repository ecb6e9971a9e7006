// One of several, or yes: radio buttons and a checkbox, each with an explanation of its own.

import { useId } from 'preact/hooks';

export interface Option<Value extends string | number> {
  value: Value;
  label: string;
  hint?: string | undefined;
}

interface RadiosProps<Value extends string | number> {
  legend: string;
  hint?: string | undefined;
  options: readonly Option<Value>[];
  value: Value;
  onChange: (value: Value) => void;
}

export function Radios<Value extends string | number>({ legend, hint, options, value, onChange }: RadiosProps<Value>) {
  const name = useId();
  return (
    <fieldset class="choices" aria-describedby={hint ? `${name}-hint` : undefined}>
      <legend class="utrecht-form-label choices__legend">{legend}</legend>
      {hint && (
        <div class="utrecht-form-field-description" id={`${name}-hint`}>
          {hint}
        </div>
      )}
      {options.map((option) => (
        <div class="choice" key={option.value}>
          <input
            type="radio"
            class="choice__input"
            id={`${name}-${option.value}`}
            name={name}
            checked={option.value === value}
            aria-describedby={option.hint ? `${name}-${option.value}-hint` : undefined}
            onChange={() => onChange(option.value)}
          />
          <label class="choice__label" htmlFor={`${name}-${option.value}`}>
            {option.label}
          </label>
          {option.hint && (
            <div class="choice__hint quiet" id={`${name}-${option.value}-hint`}>
              {option.hint}
            </div>
          )}
        </div>
      ))}
    </fieldset>
  );
}

interface CheckboxProps {
  label: string;
  error?: string | undefined;
  isChecked: boolean;
  onChange: (isChecked: boolean) => void;
}

export function Checkbox({ label, error, isChecked, onChange }: CheckboxProps) {
  const id = useId();
  return (
    <div class="choices">
      {error && (
        <div class="utrecht-form-field-error-message" id={`${id}-error`}>
          {error}
        </div>
      )}
      <div class="choice">
        <input
          type="checkbox"
          class="choice__input"
          id={id}
          checked={isChecked}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${id}-error` : undefined}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
        <label class="choice__label" htmlFor={id}>
          {label}
        </label>
      </div>
    </div>
  );
}

interface SelectProps<Value extends string | number> {
  label: string;
  options: readonly Option<Value>[];
  value: Value;
  onChange: (value: Value) => void;
}

export function Select<Value extends string | number>({ label, options, value, onChange }: SelectProps<Value>) {
  const id = useId();
  return (
    <div class="utrecht-form-field utrecht-form-field--text">
      <label class="utrecht-form-label utrecht-form-field__label" htmlFor={id}>
        {label}
      </label>
      <select
        class="utrecht-select utrecht-select--html-select"
        id={id}
        value={value}
        onChange={(event) => onChange(options[event.currentTarget.selectedIndex]!.value)}
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
