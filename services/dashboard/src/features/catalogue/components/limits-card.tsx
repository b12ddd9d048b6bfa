import { Gauge } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { Progress } from '#ui/progress.tsx';
import { Skeleton } from '#ui/skeleton.tsx';
import { useEntitlementText } from '../api/entitlement-text.ts';
import { useEntitlements, type Entitlements } from '../api/plans.ts';

const NEAR = 0.9;

/** What the plans allow and how much of it is used. */
export function LimitsCard({ emptyAction }: { emptyAction: ReactNode }) {
  const { t } = useTranslation();
  const entitlements = useEntitlements();
  return (
    <Card>
      <CardHeader title={t('catalogue.limits.title')} description={t('catalogue.limits.description')} />
      <Loaded query={entitlements} skeleton={<Skeleton className="mx-6 mb-6 h-24" />} errorClassName="m-5">
        {({ limits }) =>
          limits.length === 0 ? (
            <EmptyState
              icon={Gauge}
              title={t('catalogue.limits.emptyTitle')}
              hint={t('catalogue.limits.emptyHint')}
              action={emptyAction}
            />
          ) : (
            <CardBody className="@container">
              <ul className="grid grid-cols-1 gap-x-8 gap-y-5 @lg:grid-cols-2">
                {limits.map((limit) => (
                  <li key={limit.key}>
                    <LimitBar limit={limit} />
                  </li>
                ))}
              </ul>
            </CardBody>
          )
        }
      </Loaded>
    </Card>
  );
}

function LimitBar({ limit }: { limit: Entitlements['limits'][number] }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { name } = useEntitlementText();
  const isUnlimited = limit.limit === null || limit.limit < 0;
  const share = isUnlimited || limit.limit === 0 ? 0 : limit.used / (limit.limit ?? 1);
  return (
    <>
      <div className="mb-2 flex items-baseline justify-between gap-3">
        <span className="font-medium">{name(limit.key)}</span>
        <span className="whitespace-nowrap text-muted tabular-nums">
          {t('catalogue.limits.used', {
            used: format.number(limit.used),
            limit: isUnlimited ? t('catalogue.unlimited') : format.number(limit.limit ?? 0),
          })}
        </span>
      </div>
      <Progress label={name(limit.key)} value={share} tone={share >= NEAR ? 'warning' : 'accent'} />
    </>
  );
}
