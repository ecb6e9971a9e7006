/*
 * Serving the pages: exactly the paths of pages.h. Pages are never stored by anybody, for what they
 * show is private; hashed files may be kept for ever, since their name changes with their content.
 * What stands behind the "#" of a link reaches no server.
 *
 * Where no pages were built, a constant page without script, style or reference says what this is.
 */
#include "services/gateway/handlers.h"
#include "services/gateway/pages.h"

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
    "<p>Op deze server zijn de webpagina's niet geïnstalleerd. Open de hele link uit de e-mail met"
    " het programma <code>securemail</code>: <code>securemail open 'LINK'</code>.</p>\n"
    "<p>Twijfelt u aan de afzender? Neem dan contact op met de organisatie die in de e-mail staat,"
    " via een telefoonnummer dat u al kent.</p>\n"
    "<section lang=\"en\">\n"
    "<h2>Secure message</h2>\n"
    "<p>Somebody has sent you a secure message. It is encrypted, and is opened only after you have"
    " proven that it is meant for you.</p>\n"
    "<p>The web pages are not installed on this server. Open the whole link of the e-mail with the"
    " program <code>securemail</code>: <code>securemail open 'LINK'</code>.</p>\n"
    "<p>In doubt about the sender? Contact the organisation that the e-mail names, by a telephone"
    " number that you already know.</p>\n"
    "</section>\n"
    "</main>\n"
    "</body>\n"
    "</html>\n";

static enum sm_error answer_plain(struct exchange *exchange)
{
    exchange->answer.content_type = "text/html; charset=utf-8";
    exchange->answer.fixed = span_of(html, sizeof html - 1);
    exchange->answer.status = 200;
    return SM_OK;
}

static enum sm_error add_headers(
    struct exchange *exchange, const struct page *page, enum page_form form)
{
    const char *coding = page_form_name(form);
    if (coding)
        TRY(answer_header(exchange, "Content-Encoding", "%s", coding));
    TRY(answer_header(exchange, "Vary", "Accept-Encoding"));
    if (*page->policy)
        TRY(answer_header(exchange, "Content-Security-Policy", "%s", page->policy));
    if (!page->is_immutable)
        return SM_OK;
    TRY(answer_header(exchange, "Cache-Control", "public, max-age=31536000, immutable"));
    return answer_header(
        exchange, "ETag", "\"%s%s%s\"", page->tag, coding ? "-" : "", coding ? coding : "");
}

static enum sm_error answer_page(struct exchange *exchange, const struct page *page)
{
    enum page_form form = page_choose(page, exchange_header(exchange, HEADER_ACCEPT_ENCODING));
    struct span known = exchange_header(exchange, HEADER_IF_NONE_MATCH);
    TRY(add_headers(exchange, page, form));
    if (page->is_immutable && page_is_known(page, form, known)) {
        answer_empty(exchange, 304);
        return SM_OK;
    }
    exchange->answer.content_type = page->type;
    exchange->answer.fixed = buffer_span(&page->forms[form]);
    exchange->answer.status = 200;
    return SM_OK;
}

enum sm_error on_page(struct worker *worker, struct exchange *exchange)
{
    const struct page *page = pages_find(exchange->pages, exchange_path(exchange));
    (void)worker;
    return page ? answer_page(exchange, page) : answer_plain(exchange);
}

enum sm_error on_asset(struct worker *worker, struct exchange *exchange)
{
    const struct page *page = pages_find(exchange->pages, exchange_path(exchange));
    (void)worker;
    return page ? answer_page(exchange, page) : SM_NOT_FOUND;
}
