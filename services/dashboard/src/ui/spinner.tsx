import { LoaderCircle } from 'lucide-react';
import { cn } from '#lib/cn.ts';

export function Spinner({ className }: { className?: string }) {
  return (
    <LoaderCircle aria-hidden className={cn('size-4 shrink-0 animate-spin motion-reduce:animate-none', className)} />
  );
}
