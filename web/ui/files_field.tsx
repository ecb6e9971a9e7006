// Files to send along: chosen, or dropped anywhere on the field. A file that is dropped beside it must
// not make the browser leave the page for that file.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';

import { useSharedTexts } from './language';

interface FilesFieldProps {
  label: string;
  hint: string;
  /** '' or undefined: nothing is wrong. */
  error?: string | undefined;
  onFiles: (files: File[]) => void;
  children?: ComponentChildren;
}

const carriesFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;

function usePageKeepsStanding(): void {
  useEffect(() => {
    const stay = (event: DragEvent): void => {
      if (carriesFiles(event)) event.preventDefault();
    };
    addEventListener('dragover', stay);
    addEventListener('drop', stay);
    return () => {
      removeEventListener('dragover', stay);
      removeEventListener('drop', stay);
    };
  }, []);
}

export function FilesField({ label, hint, error, onFiles, children }: FilesFieldProps) {
  const t = useSharedTexts();
  const id = useId();
  const [isOver, setOver] = useState(false);
  usePageKeepsStanding();
  const take = (files: FileList | null | undefined): void => {
    setOver(false);
    if (files?.length) onFiles([...files]);
  };
  return (
    <div
      class={`files-field${isOver ? ' files-field--over' : ''}`}
      role="group"
      aria-labelledby={`${id}-label`}
      onDragOver={(event) => carriesFiles(event) && (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => (event.preventDefault(), take(event.dataTransfer?.files))}
    >
      <p class="files-field__label" id={`${id}-label`}>
        {label}
      </p>
      <p class="quiet" id={`${id}-hint`}>
        {hint}
      </p>
      {error && (
        <p class="utrecht-form-field-error-message" role="alert" id={`${id}-error`}>
          {error}
        </p>
      )}
      <div class="files-field__choose">
        <input
          class="files-field__input"
          type="file"
          multiple
          id={id}
          aria-describedby={`${id}-hint${error ? ` ${id}-error` : ''}`}
          aria-invalid={error ? true : undefined}
          onChange={(event) => {
            take(event.currentTarget.files);
            event.currentTarget.value = ''; // the same file may be chosen again
          }}
        />
        <label class="utrecht-button utrecht-button--secondary-action" htmlFor={id}>
          {t.chooseFiles}
        </label>
        <span class="quiet files-field__drop" aria-hidden="true">
          {t.orDrop}
        </span>
      </div>
      {children}
    </div>
  );
}
