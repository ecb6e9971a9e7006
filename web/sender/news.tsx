import { useFormat } from '../ui/format';
import { useTexts } from '../ui/language';
import { texts } from './texts';
import type { News } from './watching';

/** Read aloud when the reader is done with what he hears; always there, so that it is. */
export function NewsLine({ news, hasStopped }: { news: News | null; hasStopped: boolean }) {
  const t = useTexts(texts);
  const format = useFormat();
  const said = news && [news.replies && t.newReplies(news.replies), news.opened && t.newOpened(news.opened)].filter(Boolean).join(', ');
  return (
    <p class={`news${news ? ' news--some' : ''}`} role="status">
      {said && t.news(format.time(news.atMs), said)}
      {hasStopped && <span class="quiet"> {t.watchingStopped}</span>}
    </p>
  );
}
