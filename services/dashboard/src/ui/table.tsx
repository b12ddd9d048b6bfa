import type { ReactNode } from 'react';
import { cn } from '#lib/cn.ts';

export interface Column<Row> {
  key: string;
  /** Null for a column of buttons, whose header is for screen readers only. */
  header: string;
  isHeaderHidden?: boolean;
  align?: 'start' | 'end';
  className?: string;
  cell: (row: Row) => ReactNode;
}

interface TableProps<Row> {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
}

/**
 * A table on wide screens; below `sm` each row is a small card with its headers beside the values.
 * The roles are written out because a table with `display: block` loses its own.
 */
export function Table<Row>({ caption, columns, rows, rowKey }: TableProps<Row>) {
  return (
    <table role="table" className="block w-full text-left sm:table">
      <caption className="sr-only">{caption}</caption>
      <thead role="rowgroup" className="sr-only sm:not-sr-only sm:table-header-group">
        <tr role="row" className="border-y border-line bg-sunken">
          {columns.map((column) => (
            <th
              key={column.key}
              role="columnheader"
              scope="col"
              className={cn(
                'px-3 py-2.5 text-xs font-medium whitespace-nowrap text-muted first:pl-6 last:pr-6',
                column.align === 'end' && 'text-right',
              )}
            >
              <span className={column.isHeaderHidden === true ? 'sr-only' : undefined}>{column.header}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody
        role="rowgroup"
        className="block divide-y divide-line border-t border-line sm:table-row-group sm:border-t-0"
      >
        {rows.map((row) => (
          <tr key={rowKey(row)} role="row" className="block px-5 py-3 sm:table-row sm:px-0 sm:py-0">
            {columns.map((column) => (
              <td
                key={column.key}
                role="cell"
                className={cn(
                  'flex min-w-0 items-center justify-between gap-4 py-1 sm:table-cell sm:px-3 sm:py-3 sm:first:pl-6 sm:last:pr-6',
                  column.align === 'end' && 'sm:text-right',
                  column.isHeaderHidden === true && 'justify-end empty:hidden',
                  column.className,
                )}
              >
                {column.isHeaderHidden !== true && (
                  <span aria-hidden className="shrink-0 text-xs text-muted sm:hidden">
                    {column.header}
                  </span>
                )}
                <div className="min-w-0 max-sm:text-right">{column.cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
