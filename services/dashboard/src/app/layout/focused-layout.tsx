import type { ReactNode } from 'react';
import { Logo } from '#ui/logo.tsx';
import { SkipLink } from './skip-link.tsx';
import { LocaleSwitch } from './locale-switch.tsx';

/** Pages with one thing to do: no navigation to wander off. */
export function FocusedLayout({ aside, children }: { aside?: ReactNode; children: ReactNode }) {
  return (
    <div className="flex min-h-dvh flex-col">
      <SkipLink />
      <header className="flex items-center justify-between gap-4 px-4 py-4 sm:px-8">
        <a href="/" className="rounded-md">
          <Logo />
        </a>
        <div className="flex items-center gap-3">
          {aside}
          <LocaleSwitch />
        </div>
      </header>
      <main id="main" tabIndex={-1} className="flex flex-1 flex-col px-4 py-6 sm:px-8 sm:py-10">
        {children}
      </main>
    </div>
  );
}
