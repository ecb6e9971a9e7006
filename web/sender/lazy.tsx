import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { persistently } from '../client/http';
import { Alert } from '../ui/alert';
import { Button } from '../ui/button';
import { useSharedTexts } from '../ui/language';

/** A page that is loaded when somebody goes there; a lost connection is said and can be tried again. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | null = null;
  return function Lazy(props: Props) {
    const t = useSharedTexts();
    const [, redraw] = useState(0);
    const [hasFailed, setFailed] = useState(false);
    useEffect(() => {
      if (loaded || hasFailed) return;
      persistently(load).then((component) => {
        loaded = component;
        redraw((count) => count + 1);
      }, () => setFailed(true));
    }, [hasFailed]);
    if (loaded) {
      const Loaded = loaded;
      return <Loaded {...props} />;
    }
    if (!hasFailed) return <p class="utrecht-paragraph">{t.loading}</p>;
    return (
      <Alert kind="error">
        <p class="utrecht-paragraph">{t.failed.unavailable}</p>
        <Button onClick={() => setFailed(false)}>{t.tryAgain}</Button>
      </Alert>
    );
  };
}
