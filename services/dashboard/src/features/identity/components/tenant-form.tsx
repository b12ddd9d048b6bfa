import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { useFormat } from '#i18n/use-format.ts';
import { Button } from '#ui/button.tsx';
import { Card, CardBody, CardFooter, CardHeader } from '#ui/card.tsx';
import { TextField } from '#ui/field.tsx';
import { Form, textOf } from '#ui/form.tsx';
import { Loaded } from '#ui/loaded.tsx';
import { Skeleton } from '#ui/skeleton.tsx';
import { useCan } from '../api/me.ts';
import { useRenameTenant, useTenant } from '../api/tenants.ts';

export function TenantForm() {
  const { t } = useTranslation();
  const format = useFormat();
  const tenant = useTenant();
  const rename = useRenameTenant();
  const canRename = useCan('own');
  return (
    <Card>
      <CardHeader title={t('identity.tenant.title')} description={t('identity.tenant.description')} />
      <Loaded query={tenant} skeleton={<Skeleton className="mx-6 mb-6 h-28" />} errorClassName="m-5">
        {({ name, slug, currency, createdAt }) => (
          <Form
            onSubmit={(values) =>
              rename.mutate(textOf(values, 'name'), { onSuccess: () => toast.success(t('identity.tenant.saved')) })
            }
            error={rename.error}
            footer={
              <CardFooter className="justify-end">
                <Button type="submit" isPending={rename.isPending} disabled={!canRename}>
                  {t('ui.save')}
                </Button>
              </CardFooter>
            }
          >
            <CardBody className="space-y-5">
              <TextField
                key={name}
                name="name"
                label={t('identity.tenant.name')}
                defaultValue={name}
                required
                maxLength={100}
                disabled={!canRename}
                className="max-w-md"
                {...(canRename ? {} : { hint: t('identity.tenant.ownersOnly') })}
              />
              <dl className="grid grid-cols-1 gap-4 sm:grid-cols-3">
                <Fact term={t('identity.tenant.slug')} value={slug} />
                <Fact term={t('identity.tenant.currency')} value={currency} />
                <Fact term={t('identity.tenant.created')} value={format.date(createdAt)} />
              </dl>
            </CardBody>
          </Form>
        )}
      </Loaded>
    </Card>
  );
}

function Fact({ term, value }: { term: string; value: string }) {
  return (
    <div>
      <dt className="text-[0.8125rem] text-muted">{term}</dt>
      <dd className="mt-0.5 font-medium">{value}</dd>
    </div>
  );
}
