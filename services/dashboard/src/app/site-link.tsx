import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Site } from '#features/sites/api/sites.ts';

/** Covers its whole row, so that one may click anywhere; the row's buttons stand above it. */
export function SiteLink({ site, children }: { site: Site; children: ReactNode }) {
  return (
    <Link
      to="/sites/$siteId"
      params={{ siteId: site.id }}
      className="rounded-sm after:absolute after:inset-0 hover:text-accent"
    >
      {children}
    </Link>
  );
}
