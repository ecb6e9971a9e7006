import { useId } from 'preact/hooks';

import { useFormat } from './format';

/** How far something is; read aloud only when somebody asks, or it would never stop talking. */
export function Progress({ label, done, total }: { label: string; done: number; total: number }) {
  const format = useFormat();
  const id = useId();
  const share = total > 0 ? done / total : 1;
  return (
    <div class="progress">
      <div class="progress__text">
        <span id={id}>{label}</span>
        <span>{format.percent(share)}</span>
      </div>
      <progress class="progress__bar" max={1} value={Math.min(1, share)} aria-labelledby={id} />
    </div>
  );
}
