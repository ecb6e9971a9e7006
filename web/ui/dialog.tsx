// A question that must be answered before anything else: the focus stays in it, Esc is "no", and the
// focus goes back to where it came from.

import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

const FOCUSABLE = 'a[href], button, input, select, textarea, [tabindex]:not([tabindex="-1"])';

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

function reachable(box: HTMLElement): HTMLElement[] {
  return [...box.querySelectorAll<HTMLElement>(FOCUSABLE)].filter((each) => !each.hasAttribute('disabled') && each.offsetParent !== null);
}

function keepFocus(box: HTMLElement, event: KeyboardEvent): void {
  const all = reachable(box);
  const first = all[0];
  const last = all[all.length - 1];
  const at = document.activeElement;
  if (event.shiftKey && (at === first || at === box)) last?.focus();
  else if (!event.shiftKey && at === last) first?.focus();
  else return;
  event.preventDefault();
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  // Before anything is drawn: a key that comes after that must find the focus in the box already.
  useLayoutEffect(() => {
    const before = document.activeElement;
    box.current?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Tab' && box.current) keepFocus(box.current, event);
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  return (
    <div class="dialog" onClick={(event) => event.target === event.currentTarget && onClose()}>
      <div class="dialog__box" role="dialog" aria-modal="true" aria-labelledby={id} tabIndex={-1} ref={box} onKeyDown={onKeyDown}>
        <h2 class="utrecht-heading-2" id={id}>
          {title}
        </h2>
        {children}
      </div>
    </div>
  );
}
