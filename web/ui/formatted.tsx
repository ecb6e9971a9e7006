// A body with its simple formatting (formatting.ts), as elements.

import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';

import { type Block, type Run, readFormatted } from './formatting';
import { useSharedTexts } from './language';

/** Where it leads stands beside it, unless its own words say exactly that. */
function ShownLink({ text, href, host }: { text: string; href: string; host: string }) {
  const t = useSharedTexts();
  const isPlain = text === host || text === `https://${host}` || text.startsWith(`https://${host}/`);
  return (
    <a class="utrecht-link formatted__link" href={href} target="_blank" rel="noopener noreferrer">
      <bdi>{text}</bdi>
      {!isPlain && <bdi class="formatted__host"> ({host})</bdi>}
      <span class="visually-hidden"> {t.newTab}</span>
    </a>
  );
}

function ShownRun({ run }: { run: Run }) {
  if (run.kind === 'break') return <br />;
  let shown: ComponentChildren = run.kind === 'link' ? <ShownLink {...run} /> : run.text;
  if (run.isItalic) shown = <em>{shown}</em>;
  if (run.isBold) shown = <strong>{shown}</strong>;
  return <>{shown}</>;
}

function runsOf(runs: readonly Run[]) {
  return runs.map((run, index) => <ShownRun key={index} run={run} />);
}

function ShownBlock({ block }: { block: Block }) {
  if (block.kind === 'paragraph') return <p dir="auto">{runsOf(block.runs)}</p>;
  const items = block.items.map((item, index) => (
    <li key={index} dir="auto">
      {runsOf(item)}
    </li>
  ));
  return block.isNumbered ? <ol start={block.start}>{items}</ol> : <ul>{items}</ul>;
}

export function Formatted({ text }: { text: string }) {
  const blocks = useMemo(() => readFormatted(text), [text]);
  return (
    <div class={`formatted${blocks ? '' : ' formatted--plain'}`}>
      {blocks ? blocks.map((block, index) => <ShownBlock key={index} block={block} />) : <div dir="auto">{text}</div>}
    </div>
  );
}
