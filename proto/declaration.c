/* The rows. What is said here must hold: tests/lint checks that every named test is there. */
#include "proto/declaration.h"

/* clang-format off */
const struct declared_text declaration_title = {"Declaration after NTA 7516", "Verklaring naar NTA 7516"};
const struct declared_text declaration_preface[] = {
    {"NTA 7516 (2019) asks a provider of secure e-mail to publish which of its criteria are met. This is that publication for the software Secure Mail.",
     "NTA 7516 (2019) vraagt van een aanbieder van veilige e-mail om bekend te maken aan welke criteria is voldaan. Dit is die verklaring voor de software Secure Mail."},
    {"It is no certificate: the certificates for this norm were withdrawn in 2022, and we say “compatible with NTA 7516” for what is met below and for nothing else. The norm is about to be followed by NEN 7516; the clause numbers here are those of 2019.",
     "Het is geen certificaat: de certificaten voor deze norm zijn in 2022 ingetrokken, en wij zeggen “compatibel met NTA 7516” van wat hieronder is vervuld en van niets anders. De norm krijgt een opvolger, NEN 7516; de nummers hier zijn die van 2019."},
    {"What we had of the norm is its list of criteria and those limits that are public elsewhere. Where a limit is not known to us the text says so: read the norm before you rely on it. The professional (the organisation that runs this server) sets its own minimum for each criterion and writes down why.",
     "Van de norm hadden wij de lijst van criteria en de grenzen die elders openbaar zijn. Waar een grens ons niet bekend is, staat dat er: lees de norm voordat u erop vertrouwt. De professional (de organisatie van deze server) stelt bij elk criterium haar eigen ondergrens en legt vast waarom."},
    {"Each piece of evidence is the name of a test that runs before every release. Met: it holds and is shown. Partly: what is missing is said. Not met: it is not there. Yours: the organisation has its own part in it.",
     "Elk bewijs is de naam van een test die voor elke uitgave wordt uitgevoerd. Vervuld: het klopt en is aangetoond. Deels: er staat bij wat ontbreekt. Niet vervuld: het is er niet. Aan u: de organisatie heeft er zelf een deel in."},
};
const struct declared_text declaration_closing[] = {
    {"Whoever serves the pages can change their scripts; a check from outside finds it (docs/runbook.md). No outsider has tested or audited this software.",
     "Wie de pagina’s aanbiedt, kan hun scripts veranderen; een controle van buiten vindt dat (docs/runbook.md). Geen buitenstaander heeft deze software getest of doorgelicht."},
};

const struct criterion declaration[] = {
    {"6.1.2", {"availability, 99.8 % a year", "beschikbaarheid, 99,8 % per jaar"}, DECLARED_PARTLY, true,
     {"The software goes on through a killed service, database or relay, and tells its health to a monitor. The share of time is a matter of your hosting; we have measured none over a year.",
      "De software gaat door als een dienst, de database of de mailserver wegvalt, en meldt hoe het ermee staat. Het percentage hangt van uw hosting af; wij hebben het niet over een jaar gemeten."},
     {"audit down: opening fails closed in words, and works again afterwards with one entry",
      "PostgreSQL killed and restarted: sends and opens go on, nothing acknowledged is missing"}},
    {"6.1.2 note 2", {"never a fall-back to ordinary mail", "nooit terugvallen op gewone e-mail"}, DECLARED_MET, false,
     {"Content leaves the browser sealed or not at all; no part but the notifier can mail, and its letters have no place for content.",
      "Inhoud verlaat de browser versleuteld of helemaal niet; alleen de notifier kan mailen, en zijn brieven hebben geen plaats voor inhoud."},
     {"the notification says who sent it and nothing of the content",
      "an address that the relay refuses for good is shown as undeliverable"}},
    {"6.1.3", {"longest outage", "langste uitval"}, DECLARED_PARTLY, true,
     {"Restoring a backup where nothing is left is tested and written out in docs/runbook.md. Limit not seen.",
      "Het terugzetten van een back-up waar niets meer is, is getest en uitgeschreven in docs/runbook.md. De grens hebben wij niet gezien."},
     {"a restore is one command into a fresh cluster, and an old message opens"}},
    {"6.1.4", {"largest loss of data", "grootste verlies van gegevens"}, DECLARED_MET, true,
     {"For a crash of the software: a send is confirmed when keys, links, mail jobs and log entry are committed together, after its ciphertext is on the disk. For the loss of a disk it is your backup that decides. Limit not seen.",
      "Bij een storing van de software: verzenden is pas bevestigd als sleutels, links, mailopdrachten en logboekregel samen zijn vastgelegd, nadat de versleutelde inhoud op schijf staat. Bij verlies van een schijf beslist uw back-up. De grens hebben wij niet gezien."},
     {"nothing acknowledged is missing",
      "every event is in the log once, and no key was released without its entry"}},
    {"6.1.5", {"confirmation of origin", "bevestiging van de herkomst"}, DECLARED_PARTLY, true,
     {"The page shows organisation and sender, told by the key that the link pins. DKIM, SPF and DMARC of the notification's domain are yours; we check none of them.",
      "De pagina toont organisatie en afzender, verteld door de sleutel die in de link vastligt. DKIM, SPF en DMARC van het domein van de notificatie zijn aan u; wij controleren ze niet."},
     {"a link shows who sent the message, and leaves the address bar at once",
      "a server with another key than the link says is not trusted with anything"}},
    {"6.1.6", {"integrity of the data", "integriteit van de gegevens"}, DECLARED_MET, false,
     {"Each part is bound to organisation, message and place, and nothing of it is offered before its last block is verified.",
      "Elk deel is gebonden aan organisatie, bericht en plaats, en niets ervan wordt aangeboden voordat het laatste blok is gecontroleerd."},
     {"the password opens it, and the files are identical",
      "an attachment that was changed on its way is refused, and nothing of it is offered"}},
    {"6.1.7", {"non-repudiation by the sender", "onweerlegbaarheid door de verzender"}, DECLARED_PARTLY, false,
     {"Sign-in, send and release stand in a log that cannot be rewritten unseen by who kept a checkpoint. The sender signs nothing himself: what the log proves is that his account sent it.",
      "Inloggen, verzenden en vrijgeven staan in een logboek dat niet ongemerkt herschreven kan worden voor wie een controlepunt bewaarde. De verzender ondertekent zelf niets: het logboek bewijst dat zijn account het verstuurde."},
     {"an export verifies, and discloses who it was about",
      "the checkpoint that is mailed when somebody asks anchors the log, as the mail was saved",
      "an entry is shown with its proof, and nothing of another"}},
    {"6.1.8", {"authorisation of the sender", "autorisatie van de verzender"}, DECLARED_NOTHING, true,
     {"Roles for it are there: sender, administrator, auditor.",
      "Rollen ervoor zijn er: afzender, beheerder, auditor."},
     {"roles are changed, and the pages follow at the next sign-in",
      "a sender may not read the log; another organisation is not in it"}},
    {"6.1.9", {"confidentiality of the data", "vertrouwelijkheid van de gegevens"}, DECLARED_MET, false,
     {"Encrypted in the sender's browser, a key for each message; no table, log or memory of the gateway holds content, password or key. Exceptions: docs/threat-model.md.",
      "Versleuteld in de browser van de verzender, met een eigen sleutel per bericht; geen tabel, logboek of geheugen van de gateway bevat inhoud, wachtwoord of sleutel. Uitzonderingen: docs/threat-model.md."},
     {"the search finds what must be there"}},
    {"6.1.10", {"confidentiality of access: who may read", "vertrouwelijkheid van de toegang: wie mag lezen"}, DECLARED_PARTLY, false,
     {"A password that is agreed outside the mail, a mailed code, or both; an organisation may set a floor. The mailed code alone proves the mailbox and no more; it is one factor. No check at eIDAS level substantial or high (DigiD, identity provider) and no SMS yet. For health data choose the password, or both.",
      "Een wachtwoord dat buiten de mail is afgesproken, een gemailde code, of beide; een organisatie kan een ondergrens stellen. De gemailde code alleen bewijst de mailbox en niet meer; het is één factor. Nog geen controle op eIDAS-niveau substantieel of hoog (DigiD, identiteitsprovider) en geen sms. Kies voor gezondheidsgegevens het wachtwoord, of beide."},
     {"a policy is shown before it is saved, and senders have no other choice",
      "five wrong passwords lock for fifteen minutes, and then the right one opens"}},
    {"6.1.11", {"confidentiality of the communication", "vertrouwelijkheid van de communicatie"}, DECLARED_PARTLY, true,
     {"Content is sealed end to end from browser to browser or command line, whatever the transport. The gateway speaks TLS 1.3 or stands behind your proxy; the notification goes by your relay with STARTTLS. DANE, DNSSEC and MTA-STS on that leg are yours and are not checked.",
      "Inhoud is van browser tot browser of opdrachtregel versleuteld, wat het transport ook is. De gateway spreekt TLS 1.3 of staat achter uw proxy; de notificatie gaat met STARTTLS via uw mailserver. DANE, DNSSEC en MTA-STS op dat stuk zijn aan u en worden niet gecontroleerd."},
     {"a message is sent and opened through the published port, with TLS on every way"}},
    {"6.1.12", {"ground for sending", "grondslag voor het verzenden"}, DECLARED_NOT_MET, true,
     {"There is no field for it.",
      "Er is geen veld voor."},
     {NULL}},
    {"6.1.13", {"international traffic", "internationaal verkeer"}, DECLARED_NOTHING, true,
     {"Everything runs on your own machines; nothing is sent to us or to others. No region is recorded.",
      "Alles draait op uw eigen machines; er gaat niets naar ons of naar anderen. Er wordt geen regio vastgelegd."},
     {"nothing broke the policy, and nobody else was asked"}},
    {"6.1.14", {"continuity: reply", "continuïteit: beantwoorden"}, DECLARED_MET, false,
     {"A recipient answers in the same sealed way, with attachments.",
      "Een ontvanger antwoordt langs dezelfde versleutelde weg, met bijlagen."},
     {"a reply with an attachment reaches the list, sealed, and the sender reads it",
      "a reply with attachments reaches the sender, and stands below the message"}},
    {"6.1.15", {"continuity: forward", "continuïteit: doorsturen"}, DECLARED_NOT_MET, false,
     {"A recipient cannot forward a message inside the service. He can keep a copy (6.1.18).",
      "Een ontvanger kan een bericht niet binnen de dienst doorsturen. Hij kan een kopie bewaren (6.1.18)."},
     {NULL}},
    {"6.1.16", {"security as convenience", "veiligheid als gemak"}, DECLARED_PARTLY, false,
     {"Nothing to install, no account for the recipient; a method is preset, and undo is there. Methods are not remembered for a recipient.",
      "Niets te installeren, geen account voor de ontvanger; een methode is vooringesteld, en ongedaan maken kan. Methoden worden niet per ontvanger onthouden."},
     {"a message that is not revoked goes out when the time is over",
      "a sender sends by keyboard alone"}},
    {"6.1.17", {"readability", "leesbaarheid"}, DECLARED_MET, false,
     {"Any browser of the last years, from 320 pixels, by keyboard, in Dutch and English, checked by axe-core on every state. No test with people has been done. Limit not seen.",
      "Elke browser van de laatste jaren, vanaf 320 pixels, met het toetsenbord, in het Nederlands en Engels, in elke toestand gecontroleerd met axe-core. Er is geen proef met mensen gedaan. De grens hebben wij niet gezien."},
     {"everything is reached by keyboard, at 320 pixels",
      "names and texts as long as they may be fit 320 pixels"}},
    {"6.1.18", {"an own copy", "een eigen kopie"}, DECLARED_MET, false,
     {"A recipient keeps message, conversation and files as one file, or on paper.",
      "Een ontvanger bewaart bericht, gesprek en bestanden als één bestand, of op papier."},
     {"a copy of everything is one file that other programs read",
      "on paper stand the message and its facts, and no button"}},
    {"6.1.19", {"linkage to a record", "koppeling met een dossier"}, DECLARED_NOT_MET, false,
     {"There is no field for a file or patient number.",
      "Er is geen veld voor een dossier- of patiëntnummer."},
     {NULL}},
    {"6.4.2", {"logging", "logging"}, DECLARED_PARTLY, true,
     {"Send (refused too), notification, delivery, checks, opening, download, reply, revoke, delete, expiry, accounts, roles, exports and reading the log, and that a name was erased from it. Not there because the act is not: change, and forward and delete by a recipient. How long the log is kept is yours: it is not deleted by the software.",
      "Verzenden (ook geweigerd), notificatie, bezorging, controles, openen, downloaden, beantwoorden, intrekken, verwijderen, verlopen, accounts, rollen, exports en het lezen van het logboek, en dat een naam eruit is gewist. Niet aanwezig omdat de handeling er niet is: wijzigen, en doorsturen en verwijderen door een ontvanger. Hoe lang het logboek bewaard blijft is aan u: de software verwijdert het niet."},
     {"every step is in the log, once",
      "an address is erased everywhere, and an entry tells which entries, by whom and why"}},
    {"7.1", {"public register of what is met", "openbaar register van wat is vervuld"}, DECLARED_PARTLY, false,
     {"This page, which each server shows to everybody, and the same as a file that the server signs and that is checked offline. It is in no register of others.",
      "Deze pagina, die elke server aan iedereen toont, en hetzelfde als bestand dat de server ondertekent en dat offline te controleren is. Zij staat in geen register van anderen."},
     {"the declaration is public, in Dutch and English, without a script",
      "the signed file verifies offline, and one that was changed does not"}},
    {"7.2", {"working together with other providers", "samenwerken met andere aanbieders"}, DECLARED_NOT_MET, false,
     {"Messages reach recipients of other providers as any recipient, by link. There is no hand-over between providers and no v=NTA7516-1 record is read.",
      "Berichten bereiken ontvangers van andere aanbieders zoals elke ontvanger, met een link. Er is geen overdracht tussen aanbieders en er wordt geen v=NTA7516-1-record gelezen."},
     {NULL}},
};
/* clang-format on */
const size_t declaration_count = sizeof declaration / sizeof declaration[0];
const size_t declaration_preface_count = sizeof declaration_preface / sizeof declaration_preface[0];
const size_t declaration_closing_count = sizeof declaration_closing / sizeof declaration_closing[0];

static const struct {
    const char *name;
    struct declared_text alone, with_yours;
} states[] = {
    [DECLARED_NOTHING] = {"none", {"yours", "aan u"}, {"yours", "aan u"}},
    [DECLARED_MET] = {"met", {"met", "vervuld"}, {"met; yours", "vervuld; aan u"}},
    [DECLARED_PARTLY] = {"partly", {"partly", "deels"}, {"partly; yours", "deels; aan u"}},
    [DECLARED_NOT_MET] = {"not-met", {"not met", "niet vervuld"},
        {"not met; yours", "niet vervuld; aan u"}},
};

struct declared_text declared_state_words(const struct criterion *criterion)
{
    return criterion->is_yours ? states[criterion->state].with_yours
                               : states[criterion->state].alone;
}

const char *declared_state_name(enum declared_state state)
{
    return states[state].name;
}
