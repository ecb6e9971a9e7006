// What is being changed of the organisation's look, what is wrong with it, and saving it.

import { useState } from 'preact/hooks';

import { isAddress } from '../../envelope/text';
import type { OrganisationReply } from '../../protocol/protocol';
import { useSession } from '../../sender/session';
import { useFaultFocus } from '../../ui/faults';
import { useDeed } from '../answer';
import { isColour } from './colour';
import type { FreshLogo } from './logo';

export type Profile = Pick<OrganisationReply, 'name' | 'colour' | 'language' | 'from_name' | 'from_address' | 'contact'>;

function profileOf({ name, colour, language, from_name, from_address, contact }: Profile): Profile {
  const trim = (text: string): string => text.trim();
  return { name: trim(name), colour, language, from_name: trim(from_name), from_address: trim(from_address), contact: trim(contact) };
}

function faultsOf({ name, colour, from_address: address }: Profile) {
  return { name: name === '', colour: !isColour(colour), from_address: address !== '' && !isAddress(address) };
}

export function useForm(saved: OrganisationReply, onSaved: () => void) {
  const { office, renewOrganisation } = useSession();
  const { isBusy, error, act } = useDeed();
  const [profile, setProfile] = useState<Profile>(() => profileOf(saved));
  const [logo, setLogo] = useState<FreshLogo | null>(null);
  const [isTried, setTried] = useState(false);
  const [outcome, setOutcome] = useState<'saved' | 'nothingChanged' | null>(null);
  const { form, point } = useFaultFocus();
  const fresh = profileOf(profile);
  const faults = faultsOf(fresh);
  const save = async (): Promise<void> => {
    await office.call('organisation_set', { ...fresh, changes_logo: logo !== null, logo: logo?.bytes ?? new Uint8Array() });
    await renewOrganisation().catch(() => {}); // saved all the same; the header follows later
  };
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setTried(true);
    setOutcome(null);
    if (Object.values(faults).includes(true)) return point();
    const isSame = !logo && JSON.stringify(fresh) === JSON.stringify(profileOf(saved));
    if (isSame) return setOutcome('nothingChanged');
    if (!(await act(save))) return point();
    setLogo(null);
    setOutcome('saved');
    onSaved();
  };
  const change = (more: Partial<Profile>): void => {
    setOutcome(null);
    setProfile({ ...profile, ...more });
  };
  return { form, isBusy, error, profile, change, logo, setLogo, isTried, faults, outcome, submit };
}
