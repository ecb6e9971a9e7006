import { Button } from '../../ui/button';
import { useSharedTexts } from '../../ui/language';
import { Progress } from '../../ui/progress';
import type { Whole } from './whole';

/** Progress with a way out, while it runs. */
export function Running({ whole, label }: { whole: Whole<unknown>; label: string }) {
  const t = useSharedTexts();
  if (!whole.isRunning) return null;
  return (
    <div class="running">
      <Progress label={label} done={whole.done} total={whole.total || 1} />
      <div class="actions">
        <Button onClick={whole.cancel}>{t.cancel}</Button>
      </div>
    </div>
  );
}
