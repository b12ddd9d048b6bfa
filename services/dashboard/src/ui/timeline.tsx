import { Check, Minus, Undo2, X } from 'lucide-react';
import type { ReactNode } from 'react';
import { cn } from '#lib/cn.ts';
import { Spinner } from './spinner.tsx';

export type TimelineState = 'pending' | 'running' | 'succeeded' | 'failed' | 'undone';

export interface TimelineItem {
  key: string;
  title: string;
  state: TimelineState;
  /** The state in words: colour and shape alone do not tell everyone. */
  stateLabel: string;
  meta?: ReactNode;
  body?: ReactNode;
}

const MARKS: Record<TimelineState, { className: string; icon: ReactNode }> = {
  pending: { className: 'border-line bg-surface text-subtle', icon: <Minus aria-hidden className="size-3" /> },
  running: { className: 'border-accent bg-accent-soft text-accent', icon: <Spinner className="size-3.5" /> },
  succeeded: {
    className: 'border-transparent bg-success-soft text-success',
    icon: <Check aria-hidden className="size-3.5" />,
  },
  failed: { className: 'border-transparent bg-danger-soft text-danger', icon: <X aria-hidden className="size-3.5" /> },
  undone: {
    className: 'border-transparent bg-warning-soft text-warning',
    icon: <Undo2 aria-hidden className="size-3.5" />,
  },
};

export function Timeline({ label, items }: { label: string; items: readonly TimelineItem[] }) {
  return (
    <ol aria-label={label} className="relative">
      {items.map((item, index) => (
        <li
          key={item.key}
          aria-current={item.state === 'running' ? 'step' : undefined}
          className="relative flex gap-3.5 pb-5 last:pb-0"
        >
          {index < items.length - 1 && (
            <span
              aria-hidden
              className={cn(
                'absolute top-7 bottom-0 left-3.25 w-px',
                item.state === 'succeeded' ? 'bg-success/40' : 'bg-line',
              )}
            />
          )}
          <span
            className={cn(
              'relative grid size-6.5 shrink-0 place-items-center rounded-full border',
              MARKS[item.state].className,
            )}
          >
            {MARKS[item.state].icon}
          </span>
          <div className="min-w-0 flex-1 pt-0.5">
            <div className="flex flex-wrap items-baseline justify-between gap-x-3">
              <p className={cn('font-medium', item.state === 'pending' && 'text-muted')}>
                {item.title}
                <span className="sr-only"> ({item.stateLabel})</span>
              </p>
              {item.meta !== undefined && <span className="text-xs text-subtle tabular-nums">{item.meta}</span>}
            </div>
            {item.body}
          </div>
        </li>
      ))}
    </ol>
  );
}
