import { useTranslation } from 'react-i18next';
import { useMe, useUpdateMyLocale } from '#features/identity/api/me.ts';
import { TenantForm } from '#features/identity/components/tenant-form.tsx';
import { asLocale, chooseLocale, LOCALE_NAMES, LOCALES } from '#i18n/index.ts';
import { useLocale } from '#i18n/use-locale.ts';
import { setTheme, THEMES, useTheme } from '#lib/theme.ts';
import { Card, CardBody, CardHeader } from '#ui/card.tsx';
import { SelectField, TextField } from '#ui/field.tsx';
import { Page } from '#ui/page.tsx';
import { Segmented } from '#ui/segmented.tsx';
import { useErrorToast } from '#ui/use-error-toast.ts';

export function SettingsPage() {
  const { t } = useTranslation();
  return (
    <Page title={t('app.settings.title')} description={t('app.settings.description')}>
      <ProfileCard />
      <TenantForm />
    </Page>
  );
}

function ProfileCard() {
  const { t } = useTranslation();
  const { user } = useMe();
  const locale = useLocale();
  const { chosen } = useTheme();
  const updateLocale = useUpdateMyLocale();
  const showError = useErrorToast();

  const changeLocale = (value: string) => {
    const next = asLocale(value);
    if (next === null) return;
    void chooseLocale(next);
    updateLocale.mutate(next, { onError: showError });
  };

  return (
    <Card>
      <CardHeader title={t('app.settings.profile')} description={t('app.settings.profileDescription')} />
      <CardBody className="space-y-5">
        <div className="grid grid-cols-1 max-w-2xl gap-5 sm:grid-cols-2">
          <TextField name="profile-name" label={t('app.settings.name')} value={user.name} readOnly disabled />
          <TextField name="profile-email" label={t('app.settings.email')} value={user.email} readOnly disabled />
          <SelectField
            name="profile-locale"
            label={t('app.language')}
            hint={t('app.settings.languageHint')}
            value={locale}
            onChange={(event) => changeLocale(event.target.value)}
            options={LOCALES.map((known) => ({ value: known, label: LOCALE_NAMES[known] }))}
          />
          <div>
            <p className="mb-1.5 font-medium">{t('app.theme.label')}</p>
            <Segmented
              legend={t('app.theme.label')}
              name="theme"
              value={chosen}
              options={THEMES.map((theme) => ({ value: theme, label: t(`app.theme.${theme}`) }))}
              onChange={setTheme}
            />
          </div>
        </div>
      </CardBody>
    </Card>
  );
}
