import { useEffect, type ReactNode } from 'react';

const PRODUCT = 'Bastide';

export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = title === PRODUCT ? PRODUCT : `${title} · ${PRODUCT}`;
  }, [title]);
}

interface PageProps {
  title: string;
  description?: ReactNode;
  actions?: ReactNode;
  /** Above the title: where this page hangs. */
  breadcrumb?: ReactNode;
  children: ReactNode;
}

export function Page({ title, description, actions, breadcrumb, children }: PageProps) {
  useDocumentTitle(title);
  return (
    <div className="mx-auto w-full max-w-6xl px-4 py-6 sm:px-8 sm:py-9">
      {breadcrumb !== undefined && <div className="mb-3 text-muted">{breadcrumb}</div>}
      <header className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-4 sm:mb-8">
        <div className="min-w-0 flex-1 basis-64">
          <h1 className="text-2xl font-semibold wrap-anywhere">{title}</h1>
          {description !== undefined && <p className="mt-1 max-w-2xl text-pretty text-muted">{description}</p>}
        </div>
        {actions !== undefined && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
      </header>
      <div className="space-y-6">{children}</div>
    </div>
  );
}
