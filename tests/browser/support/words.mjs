// What stands on the buttons, fields and headings of the organisation's pages, in both languages, as tests use it.

export const OFFICE_WORDS = {
  en: {
    signIn: 'Sign in', email: 'E-mail address', password: 'Password', signOut: 'Sign out', messages: 'Messages', emptyList: 'You have not sent anything yet',
    newMessage: 'New message', to: 'To', subject: 'Subject', message: 'Message', chooseFiles: 'Choose files', ready: 'Ready', passwordCheck: 'Password', codeCheck: 'Code by e-mail',
    passwordFor: 'Password for the recipient', day: '1 day', next: 'Check and send', isRight: 'Is this right?', send: 'Send securely', sent: 'Sent', undo: 'Undo', takenBack: /^Taken back:/,
    how: 'How', ownChecks: 'A different check or password for each recipient', checkFor: (who) => `Check for ${who}`,
    refresh: 'Refresh', search: 'Search in the subjects', found: /^1 of all \d+ messages\.$/, readReply: 'Read the reply', download: (name) => `Download ${name}`, answer: 'Answer',
    follow: 'Follow this message', revokeFor: (who) => `Revoke for ${who}`, revokeAll: 'Revoke for everybody', revoke: 'Revoke', revoked: 'Revoked', delete: 'Delete', deleted: 'The message is deleted.',
    locked: 'locked after 5 wrong attempts', unlockFor: (who) => `Unlock for ${who}`, unlocked: (who) => `Unlocked. ${who} can try again at once.`,
    users: 'Users', invite: 'Invite a user', name: 'Name', handOver: 'I hand it over myself', create: 'Make the account', linkFor: (who) => `Link for ${who}`, disable: 'Disable the account', disabled: 'The account is disabled, and its sessions have ended.',
    newPassword: 'New password', setPassword: 'Set the password', passwordSet: 'Your password is changed.', toSignIn: 'To the sign-in', administration: 'Administration',
    policy: 'Policy', days30: '30 days', lookAtChanges: 'Look at the changes', changePolicy: 'Change the policy', saved: 'Saved.',
    log: 'Log', person: 'Person', find: 'Find', opened: 'A message was opened', checkNow: 'Check now', checkGood: /^All \d+ entries are as they were written/, exportLog: 'Export the log', exported: /^The file is saved/,
  },
  nl: {
    signIn: 'Inloggen', email: 'E-mailadres', password: 'Wachtwoord', signOut: 'Uitloggen', messages: 'Berichten', emptyList: 'U hebt nog niets verstuurd',
    newMessage: 'Nieuw bericht', to: 'Aan', subject: 'Onderwerp', message: 'Bericht', chooseFiles: 'Bestanden kiezen', ready: 'Klaar', passwordCheck: 'Wachtwoord', codeCheck: 'Code per e-mail',
    passwordFor: 'Wachtwoord voor de ontvanger', day: '1 dag', next: 'Controleren en versturen', isRight: 'Klopt dit?', send: 'Veilig versturen', sent: 'Verstuurd', undo: 'Ongedaan maken', takenBack: /^Teruggehaald:/,
    how: 'Hoe', ownChecks: 'Een andere controle of een ander wachtwoord per ontvanger', checkFor: (who) => `Controle voor ${who}`,
    refresh: 'Vernieuwen', search: 'Zoeken in de onderwerpen', found: /^1 van alle \d+ berichten\.$/, readReply: 'Het antwoord lezen', download: (name) => `${name} downloaden`, answer: 'Antwoorden',
    follow: 'Dit bericht volgen', revokeFor: (who) => `Intrekken voor ${who}`, revokeAll: 'Intrekken voor iedereen', revoke: 'Intrekken', revoked: 'Ingetrokken', delete: 'Verwijderen', deleted: 'Het bericht is verwijderd.',
    locked: 'gesloten na 5 verkeerde pogingen', unlockFor: (who) => `Vrijgeven voor ${who}`, unlocked: (who) => `Vrijgegeven. ${who} kan het meteen weer proberen.`,
    users: 'Gebruikers', invite: 'Gebruiker uitnodigen', name: 'Naam', handOver: 'Ik geef de link zelf', create: 'Account aanmaken', linkFor: (who) => `Link voor ${who}`, disable: 'Account uitschakelen', disabled: 'Het account is uitgeschakeld en de sessies zijn gestopt.',
    newPassword: 'Nieuw wachtwoord', setPassword: 'Wachtwoord instellen', passwordSet: 'Uw wachtwoord is gewijzigd.', toSignIn: 'Naar het inloggen', administration: 'Beheer',
    policy: 'Beleid', days30: '30 dagen', lookAtChanges: 'Wijzigingen bekijken', changePolicy: 'Beleid wijzigen', saved: 'Opgeslagen.',
    log: 'Logboek', person: 'Persoon', find: 'Zoeken', opened: 'Een bericht is geopend', checkNow: 'Nu controleren', checkGood: /^Alle \d+ regels zijn zoals ze geschreven zijn/, exportLog: 'Logboek exporteren', exported: /^Het bestand is bewaard/,
  },
};
