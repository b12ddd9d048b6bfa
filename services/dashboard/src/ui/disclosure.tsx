import { ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useHasErrorUnder } from './form.tsx';

interface DisclosureProps {
  summary: string;
  hint: string;
  /** Names of its fields, or what they begin with: a refusal of one of them opens it. */
  fields: readonly string[];
  children: ReactNode;
}

/** What most people leave as it is, out of the way. */
export function Disclosure({ summary, hint, fields, children }: DisclosureProps) {
  const [isOpen, setOpen] = useState(false);
  const hasError = useHasErrorUnder(fields);
  return (
    <details
      className="group rounded-lg border border-line-strong"
      open={isOpen || hasError}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary className="flex cursor-pointer items-start gap-2 rounded-lg px-3 py-2.5 hover:bg-hover [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden
          className="mt-0.5 size-4 shrink-0 text-muted transition-transform group-open:rotate-90 motion-reduce:transition-none"
        />
        <span className="min-w-0">
          <span className="block font-medium">{summary}</span>
          <span className="block text-[0.8125rem] text-pretty text-muted">{hint}</span>
        </span>
      </summary>
      <div className="space-y-5 border-t border-line px-3 py-4">{children}</div>
    </details>
  );
}
