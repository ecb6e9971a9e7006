/*
 * The texts. Written to be understood by somebody who has never heard of this system, and to teach
 * nothing that a forged mail could use: we never ask for a password or code by mail, and we say so.
 */
#include "services/notifier/texts.h"

#define DUTCH_CLOSING           \
    "\n"                        \
    "Met vriendelijke groet,\n" \
    "{organisation}\n"

#define ENGLISH_CLOSING \
    "\n"                \
    "Kind regards,\n"   \
    "{organisation}\n"

/* clang-format off */
static const struct language languages[] = {
{
    .code = "nl",
    .sir_madam = "heer of mevrouw",
    .weekdays = {"zondag", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag"},
    .months = {"januari", "februari", "maart", "april", "mei", "juni", "juli", "augustus",
        "september", "oktober", "november", "december"},
    .until = "%s %d %s %d om %02d.%02d uur (Nederlandse tijd)",
    .until_time = "%02d.%02d uur (Nederlandse tijd)",
    .letters = {
        [LETTER_NOTICE] = {
            "Beveiligd bericht van {sender}, {organisation}",
            "Geachte {to},\n"
            "\n"
            "{sender} van {organisation} heeft een beveiligd bericht voor u.\n"
            "Om uw gegevens te beschermen staat de inhoud niet in deze e-mail.\n"
            "\n"
            "U leest het bericht met deze persoonlijke link:\n"
            "\n"
            "{link}\n"
            "\n"
            "U kunt het bericht lezen tot {until}.\n"
            "Daarna werkt de link niet meer.\n"
            "\n"
            "Zo gaat het verder\n"
            "1. Open de link in uw browser. U hebt geen account of extra programma nodig.\n"
            "2. Kijk of de pagina de naam {organisation} noemt.\n"
            "3. Laat zien dat u het bent. De pagina vraagt om het wachtwoord dat u van de\n"
            "   afzender hebt gekregen, of om een code die u dan per e-mail aanvraagt.\n"
            "4. Lees het bericht. Op dezelfde pagina kunt u veilig antwoorden.\n"
            "\n"
            "Is deze e-mail echt?\n"
            "- De link begint met {origin}/\n"
            "- Wij vragen u nooit om een wachtwoord, code of bankgegevens te mailen.\n"
            "- Twijfelt u? Bel {organisation} dan op een telefoonnummer dat u al kent.\n"
            "  Gebruik geen telefoonnummer of adres uit een e-mail die u niet vertrouwt.\n"
            "\n"
            "De link is alleen voor u. Stuur deze e-mail niet door. Antwoord ook niet op deze\n"
            "e-mail: zo'n antwoord is niet beveiligd.\n"
            DUTCH_CLOSING},
        [LETTER_CODE] = {
            "Uw code voor het beveiligde bericht van {organisation}",
            "Geachte {to},\n"
            "\n"
            "U hebt een code gevraagd om het beveiligde bericht van {sender},\n"
            "{organisation}, te lezen. Dit is uw code:\n"
            "\n"
            "    {code}\n"
            "\n"
            "Vul de code in op de pagina waar u hem hebt aangevraagd. De code werkt tot\n"
            "{until_time} en kan één keer worden gebruikt.\n"
            "\n"
            "Geef deze code aan niemand, ook niet aan iemand die zegt dat hij van\n"
            "{organisation} is. Wij vragen er nooit om per telefoon, sms of e-mail.\n"
            "\n"
            "Hebt u geen code gevraagd? Gebruik de code dan niet. U hoeft verder niets te doen:\n"
            "zonder de code kan niemand het bericht openen. Gebeurt het vaker, laat het dan aan\n"
            "{organisation} weten.\n"
            DUTCH_CLOSING},
        [LETTER_REPLY] = {
            "Antwoord op uw beveiligde bericht",
            "Geachte {to},\n"
            "\n"
            "Een ontvanger heeft geantwoord op een beveiligd bericht dat u hebt verstuurd.\n"
            "Om gegevens te beschermen staan naam en inhoud niet in deze e-mail.\n"
            "\n"
            "Zo gaat het verder\n"
            "1. Ga zelf naar de pagina Beveiligde mail van uw organisatie, zoals u dat altijd\n"
            "   doet. In deze e-mail staat met opzet geen link.\n"
            "2. Meld u aan. Het antwoord staat in de lijst, bij uw bericht.\n"
            "\n"
            "Antwoord niet op deze e-mail: zo'n antwoord is niet beveiligd.\n"
            DUTCH_CLOSING},
        [LETTER_LOCKED] = {
            "Een ontvanger van uw beveiligde bericht is tijdelijk geblokkeerd",
            "Geachte {to},\n"
            "\n"
            "Bij een beveiligd bericht dat u hebt verstuurd, is vijf keer achter elkaar een\n"
            "onjuist wachtwoord of een onjuiste code ingevuld. De link van die ontvanger is\n"
            "daarom 15 minuten geblokkeerd. Na twintig mislukte pogingen in totaal blijft de\n"
            "link dicht, tot u hem zelf vrijgeeft.\n"
            "\n"
            "Zo gaat het verder\n"
            "1. Bel de ontvanger op een nummer dat u kent en vraag of hij dit zelf heeft gedaan.\n"
            "2. Zo ja: geef het juiste wachtwoord nog eens door, nooit per e-mail.\n"
            "3. Zo nee: trek het bericht in. Ga daarvoor zelf naar de pagina Beveiligde mail van\n"
            "   uw organisatie. In deze e-mail staat met opzet geen link.\n"
            "\n"
            "De inhoud van het bericht is niet geopend met deze pogingen.\n"
            DUTCH_CLOSING},
        [LETTER_RESET] = {
            "Stel uw wachtwoord in voor Beveiligde mail van {organisation}",
            "Geachte {to},\n"
            "\n"
            "Een beheerder van {organisation} heeft een link voor u gemaakt waarmee u\n"
            "zelf een wachtwoord kiest voor Beveiligde mail:\n"
            "\n"
            "{link}\n"
            "\n"
            "De link werkt één keer, tot {until}.\n"
            "Hebt u al een wachtwoord? Dat blijft werken tot u een nieuw kiest.\n"
            "\n"
            "Is deze e-mail echt?\n"
            "- De link begint met {origin}/\n"
            "- Wij vragen u nooit om een wachtwoord of code te mailen.\n"
            "- Verwacht u deze e-mail niet? Gebruik de link dan niet, en bel uw beheerder op een\n"
            "  nummer dat u al kent.\n"
            "\n"
            "De link is alleen voor u. Stuur deze e-mail niet door.\n"
            DUTCH_CLOSING},
        [LETTER_CHECKPOINT] = {
            "Controlepunt van het logboek van {organisation}",
            "Geachte {to},\n"
            "\n"
            "Hieronder staat een controlepunt van het logboek van {organisation}: een\n"
            "ondertekende vingerafdruk van alles wat tot nu toe in het logboek staat.\n"
            "\n"
            "Bewaar deze e-mail. U kunt er later mee laten zien dat het logboek tot hier niet is\n"
            "gewijzigd of ingekort, ook als iemand de server zelf in handen heeft.\n"
            "\n"
            "{note}"
            "\n"
            "Zo gebruikt u het\n"
            "1. Exporteer het logboek: op de pagina van de beheerder, bij Logboek.\n"
            "2. Bewaar deze e-mail als bestand, op een eigen computer.\n"
            "3. Controleer daar: securemail-verify LOGBOEK --checkpoint E-MAIL\n"
            "\n"
            "Verder hoeft u niets te doen. In deze e-mail staat geen link en geen inhoud van\n"
            "berichten. U mag hem doorsturen aan uw accountant of toezichthouder.\n"
            DUTCH_CLOSING},
    },
},
{
    .code = "en",
    .sir_madam = "Sir or Madam",
    .weekdays = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"},
    .months = {"January", "February", "March", "April", "May", "June", "July", "August",
        "September", "October", "November", "December"},
    .until = "%s %d %s %d at %02d:%02d (Dutch time)",
    .until_time = "%02d:%02d (Dutch time)",
    .letters = {
        [LETTER_NOTICE] = {
            "Secure message from {sender}, {organisation}",
            "Dear {to},\n"
            "\n"
            "{sender} of {organisation} has a secure message for you.\n"
            "To protect your data, its content is not in this e-mail.\n"
            "\n"
            "Read the message with this personal link:\n"
            "\n"
            "{link}\n"
            "\n"
            "You can read the message until {until}.\n"
            "After that the link no longer works.\n"
            "\n"
            "What happens next\n"
            "1. Open the link in your browser. You need no account and no extra software.\n"
            "2. Check that the page shows the name {organisation}.\n"
            "3. Show that it is you. The page asks for the password that the sender gave you,\n"
            "   or for a code that you then request by e-mail.\n"
            "4. Read the message. You can answer safely on the same page.\n"
            "\n"
            "Is this e-mail genuine?\n"
            "- The link begins with {origin}/\n"
            "- We never ask you to mail a password, a code or bank details.\n"
            "- In doubt? Call {organisation} on a telephone number that you already know.\n"
            "  Do not use a number or address from an e-mail that you do not trust.\n"
            "\n"
            "The link is for you alone. Do not forward this e-mail. Do not answer it either:\n"
            "such an answer is not secure.\n"
            ENGLISH_CLOSING},
        [LETTER_CODE] = {
            "Your code for the secure message from {organisation}",
            "Dear {to},\n"
            "\n"
            "You asked for a code to read the secure message from {sender},\n"
            "{organisation}. This is your code:\n"
            "\n"
            "    {code}\n"
            "\n"
            "Enter it on the page where you asked for it. The code works until\n"
            "{until_time} and can be used once.\n"
            "\n"
            "Give this code to nobody, not even to somebody who says that he is from\n"
            "{organisation}. We never ask for it by telephone, text message or e-mail.\n"
            "\n"
            "Did you not ask for a code? Then do not use it. There is nothing else to do:\n"
            "without the code nobody can open the message. If it happens again, tell\n"
            "{organisation}.\n"
            ENGLISH_CLOSING},
        [LETTER_REPLY] = {
            "An answer to your secure message",
            "Dear {to},\n"
            "\n"
            "A recipient has answered a secure message that you sent.\n"
            "To protect data, neither the name nor the content is in this e-mail.\n"
            "\n"
            "What happens next\n"
            "1. Go to the Secure mail page of your organisation yourself, as you always do.\n"
            "   There is no link in this e-mail, on purpose.\n"
            "2. Sign in. The answer is in the list, below your message.\n"
            "\n"
            "Do not answer this e-mail: such an answer is not secure.\n"
            ENGLISH_CLOSING},
        [LETTER_LOCKED] = {
            "A recipient of your secure message is locked out for a while",
            "Dear {to},\n"
            "\n"
            "For a secure message that you sent, a wrong password or code was entered five\n"
            "times in a row. The link of that recipient is locked for 15 minutes. After twenty\n"
            "failed attempts in all, it stays closed until you unlock it yourself.\n"
            "\n"
            "What happens next\n"
            "1. Call the recipient on a number that you know and ask whether it was they.\n"
            "2. If so: give them the right password once more, never by e-mail.\n"
            "3. If not: revoke the message. Go to the Secure mail page of your organisation\n"
            "   yourself to do so. There is no link in this e-mail, on purpose.\n"
            "\n"
            "These attempts did not open the content of the message.\n"
            ENGLISH_CLOSING},
        [LETTER_RESET] = {
            "Set your password for Secure mail of {organisation}",
            "Dear {to},\n"
            "\n"
            "An administrator of {organisation} has made a link for you, with which\n"
            "you choose a password for Secure mail yourself:\n"
            "\n"
            "{link}\n"
            "\n"
            "The link works once, until {until}.\n"
            "If you have a password already, it works until you choose a new one.\n"
            "\n"
            "Is this e-mail genuine?\n"
            "- The link begins with {origin}/\n"
            "- We never ask you to mail a password or a code.\n"
            "- Did you not expect this e-mail? Then do not use the link, and call your\n"
            "  administrator on a number that you already know.\n"
            "\n"
            "The link is for you alone. Do not forward this e-mail.\n"
            ENGLISH_CLOSING},
        [LETTER_CHECKPOINT] = {
            "Checkpoint of the log of {organisation}",
            "Dear {to},\n"
            "\n"
            "Below is a checkpoint of the log of {organisation}: a signed fingerprint of\n"
            "everything that is in the log up to now.\n"
            "\n"
            "Keep this e-mail. With it you can show later that the log was not changed or cut off\n"
            "up to here, even if somebody has the server itself.\n"
            "\n"
            "{note}"
            "\n"
            "How to use it\n"
            "1. Export the log: on the administrator's page, under Log.\n"
            "2. Save this e-mail as a file, on a computer of your own.\n"
            "3. Check there: securemail-verify LOG --checkpoint E-MAIL\n"
            "\n"
            "There is nothing else to do. This e-mail has no link and nothing of any message. You\n"
            "may forward it to your auditor or supervisor.\n"
            ENGLISH_CLOSING},
    },
},
};
/* clang-format on */

const struct language *language_find(struct span code)
{
    for (size_t i = 0; i < sizeof languages / sizeof languages[0]; i++)
        if (span_equals_text(code, languages[i].code))
            return &languages[i];
    return NULL;
}
