import { ChartColumn } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { Skeleton } from '#ui/skeleton.tsx';
import { useLlmUsage, type LlmUsage } from '../api/usage.ts';

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
              <Days days={data.days} />
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

function Days({ days }: { days: LlmUsage['days'] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const most = Math.max(1, ...days.map((day) => day.requests));
  return (
    <ol aria-label={t('llm.usage.byDay')} className="flex h-28 items-end gap-1">
      {days.map((day) => (
        <li key={day.day} className="flex h-full max-w-14 min-w-0 flex-1 flex-col justify-end gap-1.5 text-center">
          <span className="sr-only">
            {t('llm.usage.dayRequests', { count: day.requests, day: format.day(day.day) })}
          </span>
          <div aria-hidden className="flex min-h-0 flex-1 items-end">
            <div
              title={t('llm.usage.dayRequests', { count: day.requests, day: format.day(day.day) })}
              className="min-h-1 w-full rounded-t bg-accent"
              style={{ height: `${Math.round((day.requests / most) * 100)}%` }}
            />
          </div>
          <span aria-hidden className="text-[0.6875rem] whitespace-nowrap text-subtle @max-md:sr-only">
            {format.day(day.day)}
          </span>
        </li>
      ))}
    </ol>
  );
}
