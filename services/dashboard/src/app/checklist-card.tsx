import { Link } from '@tanstack/react-router';
import { ArrowRight, Check } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { isDue, useInvoices } from '#features/billing/api/invoices.ts';
import { isCurrent, useSubscriptions } from '#features/billing/api/subscriptions.ts';
import { useCan } from '#features/identity/api/me.ts';
import { useMembers } from '#features/identity/api/members.ts';
import { useLlmKeys } from '#features/llm/api/keys.ts';
import { useSites } from '#features/sites/api/sites.ts';
import { cn } from '#lib/cn.ts';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { Progress } from '#ui/progress.tsx';

interface Task {
  key: 'tenant' | 'plan' | 'pay' | 'site' | 'key' | 'member';
  isDone: boolean;
  to: '/onboarding' | '/billing' | '/sites' | '/llm' | '/members' | '/settings';
  search?: { step: string };
}

/** What an owner still has to do before the tenant is in full use; nothing until all is known, or when all is done. */
export function ChecklistCard() {
  const { t } = useTranslation();
  const isOwner = useCan('own');
  const tasks = useTasks();
  if (!tasks || !isOwner) return null;
  const done = tasks.filter((task) => task.isDone).length;
  if (done === tasks.length) return null;
  const next = tasks.find((task) => !task.isDone);
  return (
    <Card>
      <CardHeader
        title={t('app.checklist.title')}
        description={t('app.checklist.progress', { done, count: tasks.length })}
      />
      <CardBody>
        <Progress label={t('app.checklist.title')} value={done / tasks.length} />
        <ol className="mt-4 grid grid-cols-1 gap-1 sm:grid-cols-2">
          {tasks.map((task) => (
            <li key={task.key}>
              <TaskLine task={task} isNext={task === next} />
            </li>
          ))}
        </ol>
      </CardBody>
    </Card>
  );
}

function TaskLine({ task, isNext }: { task: Task; isNext: boolean }) {
  const { t } = useTranslation();
  const title = t(`app.checklist.tasks.${task.key}`);
  if (task.isDone) {
    return (
      <p className="flex items-center gap-3 px-3 py-2.5 text-muted">
        <span className="grid size-5 shrink-0 place-items-center rounded-full bg-success-soft text-success">
          <Check aria-hidden className="size-3.5" />
        </span>
        <span>
          {title}
          <span className="sr-only"> ({t('ui.done')})</span>
        </span>
      </p>
    );
  }
  return (
    <Link
      to={task.to}
      {...(task.search ? { search: task.search } : {})}
      className={cn(
        'group flex items-center gap-3 rounded-lg px-3 py-2.5 font-medium transition-colors hover:bg-hover',
        isNext && 'bg-accent-soft text-accent hover:bg-accent-soft',
      )}
    >
      <span
        aria-hidden
        className={cn('size-5 shrink-0 rounded-full border', isNext ? 'border-accent' : 'border-line-strong')}
      />
      <span className="flex-1">{title}</span>
      <ArrowRight aria-hidden className="size-4 opacity-60 transition-transform group-hover:translate-x-0.5" />
    </Link>
  );
}

function useTasks(): Task[] | null {
  const subscriptions = useSubscriptions().data?.items;
  const invoices = useInvoices().data?.items;
  const sites = useSites().data?.items;
  const keys = useLlmKeys().data?.items;
  const members = useMembers().data?.items;
  if (!subscriptions || !invoices || !sites || !keys || !members) return null;
  const sitesPlan = subscriptions.find((subscription) => subscription.line === 'sites' && isCurrent(subscription));
  return [
    { key: 'tenant', isDone: true, to: '/settings' },
    { key: 'plan', isDone: sitesPlan !== undefined, to: '/onboarding', search: { step: 'plan' } },
    { key: 'pay', isDone: sitesPlan?.isPaid === true && !invoices.some(isDue), to: '/billing' },
    { key: 'site', isDone: sites.some((site) => site.status === 'active'), to: '/sites' },
    { key: 'key', isDone: keys.length > 0, to: '/llm' },
    { key: 'member', isDone: members.length > 1, to: '/members' },
  ];
}
