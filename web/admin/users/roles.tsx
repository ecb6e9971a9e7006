import { ROLES } from '../../protocol/protocol';
import { Checkboxes } from '../../ui/checkboxes';
import { useTexts } from '../../ui/language';
import { texts } from './texts';

const ALL = [ROLES.ROLE_SENDER, ROLES.ROLE_ADMIN, ROLES.ROLE_AUDITOR];

/** "Sender, Administrator" */
export function rolesIn(roles: number, t: { role: Record<number, string>; noRoles: string }): string {
  return ALL.filter((each) => roles & each).map((each) => t.role[each]).join(', ') || t.noRoles;
}

export function Roles({ roles, hint, error, onChange }: { roles: number; hint?: string; error?: string | undefined; onChange: (roles: number) => void }) {
  const t = useTexts(texts);
  const options = ALL.map((value) => ({ value: value as number, label: t.role[value]!, hint: t.roleHint[value] }));
  return <Checkboxes legend={t.roles} hint={hint} error={error} options={options} bits={roles} onChange={onChange} />;
}
