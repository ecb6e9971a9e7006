// The first page of a link: who sent it, and what happens next. Nothing happens until a person acts.

import type { Visit } from '../client/visit';
import { isolate } from '../ui/isolate';
import { useTexts } from '../ui/language';
import { StateHeading } from '../ui/page';
import { Check } from './check';
import { Facts } from './facts';
import { Steps } from './states';
import { texts } from './texts';

function Genuine() {
  const t = useTexts(texts);
  const { address, ...steps } = t.genuineSteps;
  return (
    <details class="details">
      <summary>{t.genuine}</summary>
      <Steps steps={{ ...steps, address: address(isolate(location.host)) }} />
    </details>
  );
}

export function Welcome({ visit, onDone, onEnd }: { visit: Visit; onDone: () => void; onEnd: (error: unknown) => void }) {
  const t = useTexts(texts);
  return (
    <div class="card">
      <StateHeading>{t.heading(isolate(visit.hello.organisation_name))}</StateHeading>
      <p class="utrecht-paragraph">{t.intro}</p>
      <Facts hello={visit.hello} isShort />
      <Check visit={visit} onDone={onDone} onEnd={onEnd} />
      <Genuine />
    </div>
  );
}
