import { ChevronsUpDown, Plus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Avatar } from '#ui/avatar.tsx';
import { Menu, MenuChoice, MenuItem, MenuSeparator } from '#ui/menu.tsx';
import { useMe, useMembership } from '../api/me.ts';

interface TenantSwitcherProps {
  onSwitch: (tenantId: string) => void;
  onCreate: () => void;
}

export function TenantSwitcher({ onSwitch, onCreate }: TenantSwitcherProps) {
  const { t } = useTranslation();
  const { tenants } = useMe();
  const current = useMembership();
  if (!current) return null;
  return (
    <Menu
      className="w-60"
      trigger={
        <button
          type="button"
          aria-label={t('identity.switcher.label', { name: current.name })}
          className="flex w-full items-center gap-2.5 rounded-lg border border-line bg-surface p-2 text-left shadow-card transition-colors hover:bg-hover"
        >
          <Avatar name={current.name} shape="square" />
          <span className="min-w-0 flex-1">
            <span className="block truncate font-medium">{current.name}</span>
            <span className="block truncate text-xs text-muted">{t(`identity.roles.${current.role}`)}</span>
          </span>
          <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-muted" />
        </button>
      }
    >
      <MenuChoice
        label={t('identity.switcher.choose')}
        value={current.id}
        options={tenants.map((tenant) => ({ value: tenant.id, label: tenant.name }))}
        onChange={onSwitch}
      />
      <MenuSeparator />
      <MenuItem onSelect={onCreate}>
        <Plus aria-hidden />
        {t('identity.switcher.create')}
      </MenuItem>
    </Menu>
  );
}
