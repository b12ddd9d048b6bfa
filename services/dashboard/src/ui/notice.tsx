import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '#api/errors.ts';
import { cn } from '#lib/cn.ts';
import { Button } from './button.tsx';
import { useErrorMessage } from './use-error-message.ts';

const TONES = {
  info: { icon: Info, className: 'border-accent-line bg-accent-soft [&>svg]:text-accent' },
  success: { icon: CircleCheck, className: 'border-success/30 bg-success-soft [&>svg]:text-success' },
  warning: { icon: TriangleAlert, className: 'border-warning/30 bg-warning-soft [&>svg]:text-warning' },
  danger: { icon: CircleAlert, className: 'border-danger/30 bg-danger-soft [&>svg]:text-danger' },
} as const;

interface NoticeProps {
  tone?: keyof typeof TONES;
  title?: ReactNode;
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}

export function Notice({ tone = 'info', title, children, action, className }: NoticeProps) {
  const { icon: Icon, className: toneClass } = TONES[tone];
  return (
    <div
      role={tone === 'danger' ? 'alert' : 'status'}
      className={cn('flex gap-3 rounded-lg border px-4 py-3', toneClass, className)}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="flex min-w-0 flex-1 flex-wrap items-center justify-between gap-x-4 gap-y-2.5">
        <div className="min-w-0 flex-1 basis-56 space-y-0.5">
          {title !== undefined && <p className="font-medium">{title}</p>}
          {children !== undefined && <div className="text-pretty wrap-anywhere">{children}</div>}
        </div>
        {action}
      </div>
    </div>
  );
}

/** The API's own words, and what support needs to find the request. */
export function ErrorNotice({
  error,
  onRetry,
  className,
}: {
  error: unknown;
  onRetry?: () => void;
  className?: string;
}) {
  const { t } = useTranslation();
  const messageOf = useErrorMessage();
  if (error === null || error === undefined) return null;
  return (
    <Notice
      tone="danger"
      {...(className === undefined ? {} : { className })}
      title={messageOf(error)}
      action={
        onRetry ? (
          <Button size="sm" variant="secondary" onClick={onRetry}>
            {t('ui.retry')}
          </Button>
        ) : (
          <UpgradeLink error={error} />
        )
      }
    >
      <ErrorReference error={error} />
    </Notice>
  );
}

export function ErrorReference({ error }: { error: unknown }) {
  const { t } = useTranslation();
  if (!(error instanceof ApiError) || error.status === 0) return null;
  return (
    <p className="font-mono text-xs text-muted">
      {error.requestId === undefined
        ? t('ui.error.code', { code: error.code })
        : t('ui.error.codeAndRequest', { code: error.code, requestId: error.requestId })}
    </p>
  );
}

/** A limit of the tenant's plans names the plan that lifts it; the plans' page shows them all. */
function UpgradeLink({ error }: { error: unknown }) {
  const { t } = useTranslation();
  if (!(error instanceof ApiError) || error.code !== 'entitlement.limit_reached') return null;
  return (
    <Button asChild size="sm" variant="secondary">
      <a href="/plans">{t('ui.error.seePlans')}</a>
    </Button>
  );
}
