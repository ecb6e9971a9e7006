/* A progress bar, drawn at most ten times a second. */
#include "cli/progress.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR_COLUMNS = 30, NAME_COLUMNS = 24, NAME_BYTES_MAX = 3 * NAME_COLUMNS, REDRAW_MS = 100 };

static void draw(struct progress *progress)
{
    char bar[BAR_COLUMNS + 1];
    uint64_t total = progress->total ? progress->total : 1;
    uint64_t filled = progress->total ? progress->done * BAR_COLUMNS / total : BAR_COLUMNS;
    struct buffer name DEFER(buffer_free) = BUFFER(NAME_BYTES_MAX);
    if (text_show(span_slice(span_text(progress->what), 0, NAME_COLUMNS), false, &name) != SM_OK)
        return;
    for (uint64_t i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_COLUMNS] = '\0';
    (void)fprintf(stderr, "\r%-24.*s [%s] %3u %%  %.1f MB", SPAN_PRINT(buffer_span(&name)), bar,
        (unsigned)(progress->total ? progress->done * 100 / total : 100),
        (double)progress->done / 1e6);
    progress->drawn_ms = clock_monotonic_ms();
}

void progress_start(struct progress *progress, const char *what, uint64_t total, bool is_quiet)
{
    *progress = (struct progress){
        .what = what, .total = total, .is_shown = !is_quiet && isatty(STDERR_FILENO)};
    if (progress->is_shown)
        draw(progress);
}

void progress_add(struct progress *progress, uint64_t bytes)
{
    progress->done += bytes;
    if (progress->is_shown && clock_monotonic_ms() - progress->drawn_ms > REDRAW_MS)
        draw(progress);
}

void progress_end(struct progress *progress)
{
    if (progress->is_shown)
        draw(progress);
    progress_stop(progress);
}

void progress_stop(struct progress *progress)
{
    if (progress->is_shown)
        (void)fputc('\n', stderr);
    progress->is_shown = false;
}
