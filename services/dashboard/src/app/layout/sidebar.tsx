import { Link, useNavigate } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { setCurrentTenant } from '#api/current-tenant.ts';
import { TenantSwitcher } from '#features/identity/components/tenant-switcher.tsx';
import { Logo } from '#ui/logo.tsx';
import { AccountMenu } from './account-menu.tsx';
import { NAVIGATION } from './navigation.ts';

/** `onNavigate` closes the sheet that holds it on small screens. */
export function Sidebar({ onNavigate }: { onNavigate?: () => void }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const leaveFor = (to: '/overview' | '/onboarding') => {
    onNavigate?.();
    void navigate({ to });
  };
  return (
    <>
      <div className="px-4 pt-4 pb-3">
        <Link
          to="/overview"
          className="mb-4 inline-flex rounded-md px-1"
          {...(onNavigate ? { onClick: onNavigate } : {})}
        >
          <Logo />
        </Link>
        <TenantSwitcher
          onSwitch={(tenantId) => {
            setCurrentTenant(tenantId);
            leaveFor('/overview');
          }}
          onCreate={() => leaveFor('/onboarding')}
        />
      </div>
      <nav aria-label={t('app.navigation.label')} className="flex-1 space-y-5 overflow-y-auto px-3 py-2">
        {NAVIGATION.map((group) => (
          <div key={group.label}>
            <p className="px-3 pb-1 text-xs font-medium text-subtle">{t(`app.navigation.groups.${group.label}`)}</p>
            <ul className="space-y-0.5">
              {group.items.map(({ to, label, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    {...(onNavigate ? { onClick: onNavigate } : {})}
                    className="flex h-9 items-center gap-3 rounded-lg px-3 font-medium text-muted transition-colors hover:bg-hover hover:text-text aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent [&_svg]:size-4.5"
                  >
                    <Icon aria-hidden />
                    {t(`app.navigation.${label}`)}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </nav>
      <div className="border-t border-line p-3">
        <AccountMenu />
      </div>
    </>
  );
}
