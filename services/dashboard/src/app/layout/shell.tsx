import { Link, Outlet, useLocation } from '@tanstack/react-router';
import { Menu as MenuIcon } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useCurrentTenantId } from '#api/current-tenant.ts';
import { Button } from '#ui/button.tsx';
import { Sheet } from '#ui/dialog.tsx';
import { Logo } from '#ui/logo.tsx';
import { Sidebar } from './sidebar.tsx';
import { SkipLink } from './skip-link.tsx';

/** Navigation on the left (a sheet on small screens), the page on the right. */
export function Shell() {
  const { t } = useTranslation();
  const tenantId = useCurrentTenantId();
  const [isMenuOpen, setMenuOpen] = useState(false);
  const main = useFocusOnNavigation();
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[16rem_minmax(0,1fr)]">
      <SkipLink />
      <div className="hidden border-r border-line bg-sidebar lg:block">
        <div className="sticky top-0 flex h-dvh flex-col">
          <Sidebar />
        </div>
      </div>
      <div className="sticky top-0 z-30 flex h-14 items-center gap-2 border-b border-line bg-canvas/90 px-3 backdrop-blur lg:hidden">
        <Button variant="ghost" size="icon" aria-label={t('app.navigation.open')} onClick={() => setMenuOpen(true)}>
          <MenuIcon aria-hidden className="size-5!" />
        </Button>
        <Link to="/overview" className="rounded-md">
          <Logo />
        </Link>
      </div>
      <Sheet open={isMenuOpen} onOpenChange={setMenuOpen} title={t('app.navigation.label')}>
        <Sidebar onNavigate={() => setMenuOpen(false)} />
      </Sheet>
      {/* Another tenant is another page: no state of the one before may survive. */}
      <main ref={main} id="main" tabIndex={-1} key={tenantId}>
        <Outlet />
      </main>
    </div>
  );
}

/** After a change of page the focus goes to it, so that screen readers and Tab start there. */
function useFocusOnNavigation() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const shown = useRef(pathname);
  useEffect(() => {
    if (shown.current === pathname) return;
    shown.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
}
