/*
 * The page of a link and the front page: constant HTML without script, style or reference, so it
 * does nothing, whoever fetches it and however often. What stands behind the "#" of a link reaches
 * no server.
 */
#include "services/gateway/handlers.h"

static const char html[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"nl\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"robots\" content=\"noindex\">\n"
    "<title>Beveiligd bericht | Secure message</title>\n"
    "</head>\n"
    "<body>\n"
    "<main>\n"
    "<h1>Beveiligd bericht</h1>\n"
    "<p>Iemand heeft u een beveiligd bericht gestuurd. Het bericht is versleuteld en wordt pas"
    " geopend nadat u hebt bewezen dat het voor u is.</p>\n"
    "<p>Deze server toont berichten nog niet in de browser. Open de hele link uit de e-mail met het"
    " programma <code>securemail</code>: <code>securemail open 'LINK'</code>.</p>\n"
    "<p>Twijfelt u aan de afzender? Neem dan contact op met de organisatie die in de e-mail staat,"
    " via een telefoonnummer dat u al kent.</p>\n"
    "<section lang=\"en\">\n"
    "<h2>Secure message</h2>\n"
    "<p>Somebody has sent you a secure message. It is encrypted, and is opened only after you have"
    " proven that it is meant for you.</p>\n"
    "<p>This server does not show messages in the browser yet. Open the whole link of the e-mail with"
    " the program <code>securemail</code>: <code>securemail open 'LINK'</code>.</p>\n"
    "<p>In doubt about the sender? Contact the organisation that the e-mail names, by a telephone"
    " number that you already know.</p>\n"
    "</section>\n"
    "</main>\n"
    "</body>\n"
    "</html>\n";

enum sm_error on_page(struct worker *worker, struct exchange *exchange)
{
    (void)worker;
    exchange->answer.content_type = "text/html; charset=utf-8";
    exchange->answer.fixed = span_of(html, sizeof html - 1);
    exchange->answer.status = 200;
    return SM_OK;
}
