// A form that was refused: the first field with a fault gets the focus, so that its error is read aloud.

import { useLayoutEffect, useRef } from 'preact/hooks';

/** Give the form `form`, and call `point` when it was submitted with faults. */
export function useFaultFocus() {
  const form = useRef<HTMLFormElement>(null);
  const isWanted = useRef(false);
  // After each change: the errors must stand there first. Before it is drawn: a key that comes then is for the field.
  useLayoutEffect(() => {
    if (!isWanted.current) return;
    isWanted.current = false;
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  });
  return {
    form,
    point(): void {
      isWanted.current = true;
    },
  };
}
