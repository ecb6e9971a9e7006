// Things in a row: files, a table that becomes a list on a narrow screen, chips.

import type { ComponentChildren } from 'preact';

import { useFormat } from './format';
import { useSharedTexts } from './language';

export interface FileRow {
  key: string | number;
  name: string;
  /** Bytes. */
  size: number;
  actions?: ComponentChildren;
  /** Below the name, over the whole width: progress, an error. */
  extra?: ComponentChildren;
}

export function FileList({ label, files }: { label: string; files: readonly FileRow[] }) {
  const format = useFormat();
  return (
    <ul class="files" aria-label={label}>
      {files.map((file) => (
        <li class="files__item" key={file.key}>
          <div class="files__name">
            {/* Left to right whatever its script: the ending, which says what it is, stays at the end. */}
            <bdi dir="ltr">{file.name}</bdi> <span class="quiet">{format.bytes(file.size)}</span>
          </div>
          {file.actions}
          {file.extra && <div class="files__extra">{file.extra}</div>}
        </li>
      ))}
    </ul>
  );
}

export interface Column<Row> {
  key: string;
  title: string;
  cell: (row: Row) => ComponentChildren;
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string;
}

/** Below 40rem each row is a block, and each cell names its column. */
export function Table<Row>({ caption, columns, rows, keyOf }: TableProps<Row>) {
  return (
    <table class="rows" role="table">
      <caption class="visually-hidden">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th key={column.key} scope="col" role="columnheader">
              {column.title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={keyOf(row)} role="row">
            {columns.map((column) => (
              <td key={column.key} role="cell" data-label={column.title || undefined}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export interface Chip {
  key: string;
  text: string;
  isInvalid?: boolean;
}

export function Chips({ label, chips, onRemove }: { label: string; chips: readonly Chip[]; onRemove: (key: string) => void }) {
  const t = useSharedTexts();
  if (chips.length === 0) return null;
  return (
    <ul class="chips" aria-label={label}>
      {chips.map((chip) => (
        <li key={chip.key} class={`chip${chip.isInvalid ? ' chip--invalid' : ''}`}>
          <bdi>{chip.text}</bdi>
          <button type="button" class="chip__remove" aria-label={t.remove(chip.text)} onClick={() => onRemove(chip.key)}>
            <span aria-hidden="true">×</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
