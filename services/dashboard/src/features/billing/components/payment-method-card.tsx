import { CreditCard } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { Button } from '#ui/button.tsx';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { ConfirmDialog } from '#ui/confirm-dialog.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { useErrorToast } from '#ui/use-error-toast.ts';
import { useCardPortal, usePaymentMethod, useRemoveCard } from '../api/payment-method.ts';

/** The card that is charged for renewals: seen by all, changed by who pays. */
export function PaymentMethodCard({ canPay }: { canPay: boolean }) {
  const { t } = useTranslation();
  const method = usePaymentMethod();
  const portal = useCardPortal();
  const showError = useErrorToast();
  const [isRemoving, setRemoving] = useState(false);
  const card = method.data?.card ?? null;
  const canChange = canPay && method.data?.hasPortal === true;
  return (
    <Card>
      <CardHeader
        title={t('billing.card.title')}
        description={t('billing.card.description')}
        actions={
          <>
            {canPay && card && (
              <Button variant="ghost" onClick={() => setRemoving(true)}>
                {t('billing.card.remove')}
              </Button>
            )}
            {canChange && (
              <Button
                variant="secondary"
                isPending={portal.isPending || portal.isSuccess}
                onClick={() => portal.mutate(null, { onError: showError })}
              >
                {card ? t('billing.card.change') : t('billing.card.add')}
              </Button>
            )}
          </>
        }
      />
      <CardBody>
        <Loaded query={method}>
          {({ card }) => (card ? <KeptCard {...card} /> : <p className="text-muted">{t('billing.card.none')}</p>)}
        </Loaded>
      </CardBody>
      {isRemoving && <RemoveCard onClose={() => setRemoving(false)} />}
    </Card>
  );
}

interface KeptCardProps {
  brand: string;
  last4: string;
  expMonth: number;
  expYear: number;
}

function KeptCard({ brand, last4, expMonth, expYear }: KeptCardProps) {
  const { t } = useTranslation();
  const expiry = `${String(expMonth).padStart(2, '0')}/${expYear}`;
  return (
    <div className="flex items-center gap-3">
      <CreditCard aria-hidden className="size-5 text-muted" />
      <p>
        <span className="font-medium capitalize">{brand}</span> <span className="tabular-nums">•••• {last4}</span>
        <span className="ml-3 text-muted tabular-nums">{t('billing.card.expires', { expiry })}</span>
      </p>
    </div>
  );
}

function RemoveCard({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const remove = useRemoveCard();
  const confirm = () =>
    remove.mutate(undefined, {
      onSuccess: () => {
        onClose();
        toast.success(t('billing.card.removed'));
      },
    });
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t('billing.card.removeTitle')}
      description={t('billing.card.removeDescription')}
      confirmLabel={t('billing.card.remove')}
      onConfirm={confirm}
      isPending={remove.isPending}
      error={remove.error}
    />
  );
}
