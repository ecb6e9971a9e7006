// Where the administrator's pages begin: loaded when an administrator or auditor goes to /admin.

import { StateHeading } from '../ui/page';
import { useTexts } from '../ui/language';
import { texts } from '../sender/texts';

export function AdminPage() {
  const t = useTexts(texts);
  return (
    <div class="card">
      <StateHeading>{t.admin}</StateHeading>
      <p class="utrecht-paragraph">{t.adminMissing}</p>
    </div>
  );
}
