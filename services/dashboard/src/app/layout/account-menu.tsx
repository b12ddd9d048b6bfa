import { ChevronsUpDown, LogOut } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useMe, useSignOut, useUpdateMyLocale } from '#features/identity/api/me.ts';
import { chooseLocale, LOCALE_NAMES, LOCALES, type Locale } from '#i18n/index.ts';
import { useLocale } from '#i18n/use-locale.ts';
import { setTheme, THEMES, useTheme } from '#lib/theme.ts';
import { Avatar } from '#ui/avatar.tsx';
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '#ui/menu.tsx';
import { useErrorToast } from '#ui/use-error-toast.ts';

export function AccountMenu() {
  const { t } = useTranslation();
  const { user } = useMe();
  const { chosen } = useTheme();
  const locale = useLocale();
  const updateLocale = useUpdateMyLocale();
  const signOut = useSignOut();
  const showError = useErrorToast();

  const changeLocale = (next: Locale) => {
    void chooseLocale(next);
    updateLocale.mutate(next, { onError: showError });
  };

  return (
    <Menu
      side="top"
      className="w-60"
      trigger={
        <button
          type="button"
          aria-label={t('app.account.label', { name: user.name })}
          className="flex w-full items-center gap-2.5 rounded-lg p-2 text-left transition-colors hover:bg-hover"
        >
          <Avatar name={user.name} />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium">{user.name}</span>
            <span className="block truncate text-xs text-muted">{user.email}</span>
          </span>
          <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-muted" />
        </button>
      }
    >
      <MenuChoice
        label={t('app.theme.label')}
        value={chosen}
        options={THEMES.map((theme) => ({ value: theme, label: t(`app.theme.${theme}`) }))}
        onChange={setTheme}
      />
      <MenuSeparator />
      <MenuChoice
        label={t('app.language')}
        value={locale}
        options={LOCALES.map((known) => ({ value: known, label: LOCALE_NAMES[known] }))}
        onChange={changeLocale}
      />
      <MenuSeparator />
      <MenuItem disabled={signOut.isPending} onSelect={() => signOut.mutate(undefined, { onError: showError })}>
        <LogOut aria-hidden />
        {t('app.signOut')}
      </MenuItem>
    </Menu>
  );
}
