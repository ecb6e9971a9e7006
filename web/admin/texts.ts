// What the administrator's pages share.

import { defineTexts } from '../ui/language';

export const texts = defineTexts(
  {
    navigation: 'Administration',
    sections: { users: 'Users', organisation: 'Organisation', policy: 'Policy', log: 'Log', server: 'Server' },
    save: 'Save',
    saved: 'Saved.',
    nothingChanged: 'Nothing was changed.',
  },
  {
    navigation: 'Beheer',
    sections: { users: 'Gebruikers', organisation: 'Organisatie', policy: 'Beleid', log: 'Logboek', server: 'Server' },
    save: 'Opslaan',
    saved: 'Opgeslagen.',
    nothingChanged: 'Er is niets gewijzigd.',
  },
);
