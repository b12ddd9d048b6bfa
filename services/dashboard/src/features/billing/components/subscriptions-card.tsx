import { Layers } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '#i18n/use-format.ts';
import { Badge, type Tone } from '#ui/badge.tsx';
import { Card, CardHeader } from '#ui/card.tsx';
import { EmptyState } from '#ui/empty-state.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { MoreButton } from '#ui/more-button.tsx';
import { ListSkeleton } from '#ui/skeleton.tsx';
import { Table } from '#ui/table.tsx';
import { isPending, useSubscriptions, type Subscription } from '../api/subscriptions.ts';

interface SubscriptionsCardProps {
  /** Names belong to the catalogue, which this feature does not know. */
  describePlan: (subscription: Subscription) => { name: string; line: string };
  actions: ReactNode;
}

export function SubscriptionsCard({ describePlan, actions }: SubscriptionsCardProps) {
  const { t } = useTranslation();
  const format = useFormat();
  const subscriptions = useSubscriptions();
  return (
    <Card>
      <CardHeader
        title={t('billing.subscriptions.title')}
        description={t('billing.subscriptions.description')}
        actions={actions}
      />
      <Loaded query={subscriptions} skeleton={<ListSkeleton rows={2} />} errorClassName="m-5">
        {({ items }) =>
          items.length === 0 ? (
            <EmptyState
              icon={Layers}
              title={t('billing.subscriptions.emptyTitle')}
              hint={t('billing.subscriptions.emptyHint')}
            />
          ) : (
            <Table
              caption={t('billing.subscriptions.title')}
              rows={items}
              rowKey={(subscription) => subscription.id}
              columns={[
                {
                  key: 'plan',
                  header: t('billing.subscriptions.plan'),
                  cell: (subscription) => <PlanName {...describePlan(subscription)} />,
                },
                {
                  key: 'since',
                  header: t('billing.subscriptions.since'),
                  className: 'text-muted whitespace-nowrap',
                  cell: (subscription) => format.date(subscription.createdAt),
                },
                {
                  key: 'status',
                  header: t('billing.subscriptions.status'),
                  align: 'end',
                  cell: (subscription) => <SubscriptionBadge subscription={subscription} />,
                },
              ]}
            />
          )
        }
      </Loaded>
      <MoreButton query={subscriptions} />
    </Card>
  );
}

function PlanName({ name, line }: { name: string; line: string }) {
  return (
    <>
      <p className="font-medium">{name}</p>
      <p className="text-muted">{line}</p>
    </>
  );
}

function SubscriptionBadge({ subscription }: { subscription: Subscription }) {
  const { t } = useTranslation();
  const [tone, label] = describe(subscription);
  return (
    <Badge tone={tone} dot={isPending(subscription) ? 'pulsing' : 'still'}>
      {t(`billing.subscriptionStatus.${label}`)}
    </Badge>
  );
}

function describe({ status, isPaid }: Subscription): [Tone, Subscription['status'] | 'unpaid'] {
  if (status === 'active') return isPaid ? ['success', 'active'] : ['warning', 'unpaid'];
  return [status === 'pending' ? 'accent' : 'neutral', status];
}
