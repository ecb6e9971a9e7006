import type { ComponentChildren } from 'preact';

import { go } from './router';

interface LinkProps {
  to: string;
  class?: string | undefined;
  isCurrent?: boolean | undefined;
  onGo?: (() => void) | undefined;
  children: ComponentChildren;
}

/** A real link, so that it opens in a new tab too; a plain click stays on the page. */
export function Link({ to, class: name = 'utrecht-link', isCurrent, onGo, children }: LinkProps) {
  const follow = (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    onGo?.();
    go(to);
  };
  return (
    <a href={to} class={name} aria-current={isCurrent ? 'page' : undefined} onClick={follow}>
      {children}
    </a>
  );
}
