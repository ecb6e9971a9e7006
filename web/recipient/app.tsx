import { useEffect, useState } from 'preact/hooks';

import { Visit } from '../client/visit';
import type { LinkParts } from '../envelope/link';
import { FailureAlert } from '../ui/alert';
import { useFormat } from '../ui/format';
import { suggestLanguage, useSharedTexts, useTexts } from '../ui/language';
import { Page, StateHeading } from '../ui/page';
import { applyTheme } from '../ui/theme';
import { texts } from './texts';

interface Opened {
  visit: Visit | null;
  error: unknown;
}

async function openVisit(link: LinkParts): Promise<Opened> {
  try {
    const visit = await Visit.open(link);
    suggestLanguage(visit.hello.language);
    applyTheme(visit.hello.organisation_colour);
    return { visit, error: null };
  } catch (error) {
    return { visit: null, error };
  }
}

function Hello({ visit }: { visit: Visit }) {
  const t = useTexts(texts);
  const format = useFormat();
  const { sender_name, organisation_name, sent_ms, expires_ms } = visit.hello;
  return (
    <div class="card">
      <StateHeading>{t.title}</StateHeading>
      <p class="utrecht-paragraph">{t.from(sender_name, organisation_name)}</p>
      <p class="utrecht-paragraph quiet">{t.when(format.dateTime(sent_ms), format.dateTime(expires_ms))}</p>
    </div>
  );
}

export function App({ link }: { link: LinkParts | null }) {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const [state, setState] = useState<Opened | null>(null);
  useEffect(() => {
    if (link) void openVisit(link).then(setState);
  }, [link]);
  return (
    <Page title={t.title} organisation={state?.visit?.hello.organisation_name} isNarrow>
      {!link && (
        <div class="card">
          <StateHeading>{t.noLink}</StateHeading>
          <p class="utrecht-paragraph">{t.noLinkRemedy}</p>
        </div>
      )}
      {link && !state && <p class="utrecht-paragraph">{shared.loading}</p>}
      {state?.visit && <Hello visit={state.visit} />}
      {state?.error ? <FailureAlert error={state.error} /> : null}
    </Page>
  );
}
