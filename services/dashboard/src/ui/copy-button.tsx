import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { toast } from 'sonner';
import { cn } from '#lib/cn.ts';
import { Button } from './button.tsx';

const SHOWN_MS = 2000;

export function CopyButton({ text, label, className }: { text: string; label: string; className?: string }) {
  const { t } = useTranslation();
  const [isCopied, setCopied] = useState(false);

  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);

  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => toast.error(t('ui.copyFailed')),
    );
  };

  return (
    <Button variant="secondary" size="sm" className={className} onClick={copy} aria-label={label}>
      {isCopied ? <Check aria-hidden className="text-success" /> : <Copy aria-hidden />}
      <span aria-live="polite">{isCopied ? t('ui.copied') : t('ui.copy')}</span>
    </Button>
  );
}

/** A value to be copied as it is: selectable, never broken by the layout. */
export function CopyableText({ text, label, className }: { text: string; label: string; className?: string }) {
  return (
    <div
      className={cn('flex items-center gap-2 rounded-lg border border-line bg-sunken py-1.5 pr-1.5 pl-3', className)}
    >
      <code
        className="min-w-0 flex-1 overflow-x-auto py-1 font-mono text-[0.8125rem] whitespace-nowrap select-all"
        tabIndex={0}
        role="textbox"
        aria-readonly
        aria-label={label}
      >
        {text}
      </code>
      <CopyButton text={text} label={label} />
    </div>
  );
}
