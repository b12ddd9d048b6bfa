import { Check } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { cn } from '#lib/cn.ts';

/** Where one is in a short sequence of pages. */
export function Stepper({ label, steps, current }: { label: string; steps: readonly string[]; current: number }) {
  const { t } = useTranslation();
  return (
    <ol aria-label={label} className="flex items-center gap-2 sm:gap-3">
      {steps.map((step, index) => {
        const isDone = index < current;
        const isCurrent = index === current;
        return (
          <li
            key={step}
            aria-current={isCurrent ? 'step' : undefined}
            className="flex min-w-0 items-center gap-2 sm:gap-3"
          >
            {index > 0 && <span aria-hidden className="h-px w-4 bg-line-strong sm:w-8" />}
            <span
              aria-hidden
              className={cn(
                'grid size-6 shrink-0 place-items-center rounded-full text-xs font-semibold tabular-nums',
                isDone && 'bg-success-soft text-success',
                isCurrent && 'bg-accent text-on-accent',
                !isDone && !isCurrent && 'bg-hover text-muted',
              )}
            >
              {isDone ? <Check className="size-3.5" /> : index + 1}
            </span>
            <span className={cn('truncate font-medium', !isCurrent && 'text-muted max-sm:sr-only')}>
              {step}
              {isDone && <span className="sr-only"> ({t('ui.done')})</span>}
            </span>
          </li>
        );
      })}
    </ol>
  );
}
