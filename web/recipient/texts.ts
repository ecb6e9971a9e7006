// The recipient's pages in both languages.

import { defineTexts } from '../ui/language';

export const texts = defineTexts(
  {
    title: 'Secure message',
    from: (sender: string, organisation: string) => `${sender} of ${organisation} has sent you a secure message.`,
    when: (sent: string, expires: string) => `Sent on ${sent}. Can be opened until ${expires}.`,
    noLink: 'The link is not complete',
    noLinkRemedy: 'Open the whole link from the e-mail: click it there, or copy all of it.',
  },
  {
    title: 'Beveiligd bericht',
    from: (sender: string, organisation: string) => `${sender} van ${organisation} heeft u een beveiligd bericht gestuurd.`,
    when: (sent: string, expires: string) => `Verstuurd op ${sent}. Te openen tot ${expires}.`,
    noLink: 'De link is niet compleet',
    noLinkRemedy: 'Open de hele link uit de e-mail: klik er daar op, of kopieer hem helemaal.',
  },
);
