// The pages of the organisation's people in both languages.

import { defineTexts } from '../ui/language';

export const texts = defineTexts(
  {
    title: 'Secure Mail',
    signIn: 'Sign in',
    email: 'E-mail address',
    password: 'Password',
    welcome: (name: string) => `Signed in as ${name}.`,
  },
  {
    title: 'Beveiligde e-mail',
    signIn: 'Inloggen',
    email: 'E-mailadres',
    password: 'Wachtwoord',
    welcome: (name: string) => `Ingelogd als ${name}.`,
  },
);
