import { cn } from '#lib/cn.ts';

/** Initials; decorative, the name always stands beside it. */
export function Avatar({
  name,
  shape = 'round',
  className,
}: {
  name: string;
  shape?: 'round' | 'square';
  className?: string;
}) {
  const words = name.trim().split(/\s+/);
  const initials = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => word?.[0] ?? '').join('');
  return (
    <span
      aria-hidden
      className={cn(
        'grid size-8 shrink-0 place-items-center bg-accent-soft text-xs font-semibold text-accent uppercase',
        shape === 'round' ? 'rounded-full' : 'rounded-lg',
        className,
      )}
    >
      {initials}
    </span>
  );
}
