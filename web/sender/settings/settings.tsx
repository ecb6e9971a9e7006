import { Radios } from '../../ui/choice';
import { LANGUAGES, chooseLanguage, useLanguage, useSharedTexts, useTexts } from '../../ui/language';
import { StateHeading } from '../../ui/page';
import { useSession } from '../session';
import { Password } from './password';
import { texts } from './texts';
import { SecondFactor } from './totp';

function Account() {
  const t = useTexts(texts);
  const { profile } = useSession();
  return (
    <section class="card" aria-labelledby="account">
      <StateHeading>{t.title}</StateHeading>
      <h2 class="utrecht-heading-2" id="account">
        {t.account}
      </h2>
      <dl class="info">
        <dt>{t.name}</dt>
        <dd>
          <bdi>{profile.name}</bdi>
        </dd>
        <dt>{t.organisation}</dt>
        <dd>
          <bdi>{profile.organisation_name}</bdi>
        </dd>
      </dl>
      <p class="utrecht-paragraph quiet">{t.nameHint}</p>
    </section>
  );
}

function Language() {
  const t = useTexts(texts);
  const shared = useSharedTexts();
  const now = useLanguage();
  return (
    <section class="card">
      <Radios legend={t.language} hint={t.languageText} options={LANGUAGES.map((value) => ({ value, label: shared.languageNames[value] }))} value={now} onChange={chooseLanguage} />
    </section>
  );
}

export function SettingsPage() {
  return (
    <>
      <Account />
      <Password />
      <SecondFactor />
      <Language />
    </>
  );
}
