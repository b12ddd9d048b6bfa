import { ChartColumn } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { cn } from '#lib/cn.ts';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { Skeleton } from '#ui/skeleton.tsx';
import { useLlmUsage, type LlmUsage } from '../api/usage.ts';

const DAY_MS = 86_400_000;

export function UsageCard() {
  const { t } = useTranslation();
  const usage = useLlmUsage();
  return (
    <Card>
      <CardHeader title={t('llm.usage.title')} description={t('llm.usage.description')} />
      <Loaded query={usage} skeleton={<Skeleton className="mx-6 mb-6 h-32" />} errorClassName="m-5">
        {(data) =>
          data.totals.requests === 0 ? (
            <EmptyState icon={ChartColumn} title={t('llm.usage.emptyTitle')} hint={t('llm.usage.emptyHint')} />
          ) : (
            <CardBody className="@container space-y-6">
              <Totals totals={data.totals} />
              <Days usage={data} />
            </CardBody>
          )
        }
      </Loaded>
    </Card>
  );
}

function Totals({ totals }: { totals: LlmUsage['totals'] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const figures = [
    [t('llm.usage.requests'), format.number(totals.requests)],
    [t('llm.usage.promptTokens'), format.number(totals.promptTokens)],
    [t('llm.usage.completionTokens'), format.number(totals.completionTokens)],
    [t('llm.usage.cost'), format.nanoUsd(totals.costNanoUsd)],
  ] as const;
  return (
    <dl className="grid grid-cols-2 gap-4 @md:grid-cols-4">
      {figures.map(([term, value]) => (
        <div key={term}>
          <dt className="text-[0.8125rem] text-muted">{term}</dt>
          <dd className="mt-0.5 text-xl font-semibold tracking-tight tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Days({ usage: { from, to, days } }: { usage: LlmUsage }) {
  const { t } = useTranslation();
  const format = useFormat();
  const requests = new Map(days.map((day) => [day.day, day.requests]));
  const most = Math.max(1, ...requests.values());
  const shown = daysOf(from, to);
  return (
    <div>
      <ol aria-label={t('llm.usage.byDay')} className="flex h-24 items-end gap-0.5 border-b border-line @md:gap-1">
        {shown.map((day) => {
          const count = requests.get(day) ?? 0;
          const label = t('llm.usage.dayRequests', { count, day: format.day(day) });
          return (
            <li key={day} title={label} className="flex h-full min-w-0 flex-1 items-end">
              <span className="sr-only">{label}</span>
              <div
                aria-hidden
                className={cn('w-full rounded-t-sm', count > 0 && 'min-h-1 bg-accent')}
                style={{ height: `${Math.round((count / most) * 100)}%` }}
              />
            </li>
          );
        })}
      </ol>
      <p aria-hidden className="mt-1.5 flex justify-between text-xs text-subtle">
        <span>{format.day(shown[0] ?? '')}</span>
        <span>{format.day(shown.at(-1) ?? '')}</span>
      </p>
    </div>
  );
}

/** Of the operator's calendar, both included; days without requests are not in the answer. */
function daysOf(from: string, to: string): string[] {
  const count = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
  return Array.from({ length: count }, (_, index) =>
    new Date(Date.parse(from) + index * DAY_MS).toISOString().slice(0, 10),
  );
}
