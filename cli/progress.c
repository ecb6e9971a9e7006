/* A progress bar, drawn at most ten times a second. */
#include "cli/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR_COLUMNS = 30, REDRAW_MS = 100 };

static void draw(struct progress *progress)
{
    char bar[BAR_COLUMNS + 1];
    uint64_t total = progress->total ? progress->total : 1;
    uint64_t filled = progress->total ? progress->done * BAR_COLUMNS / total : BAR_COLUMNS;
    for (uint64_t i = 0; i < BAR_COLUMNS; i++)
        bar[i] = i < filled ? '#' : '.';
    bar[BAR_COLUMNS] = '\0';
    (void)fprintf(stderr, "\r%-24.24s [%s] %3u %%  %.1f MB", progress->what, bar,
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
    if (!progress->is_shown)
        return;
    draw(progress);
    (void)fputc('\n', stderr);
}
