import { cn } from '#lib/cn.ts';

/** A town laid out on a plan: plots around a market place. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={cn('size-7', className)}>
      <rect width="32" height="32" rx="7.5" className="fill-[#1f45b8]" />
      <g fill="#fff">
        <path d="M8.5 6H11v5H6V8.5A2.5 2.5 0 0 1 8.5 6Z" />
        <rect x="12.5" y="6" width="7" height="5" />
        <path d="M21 6h2.5A2.5 2.5 0 0 1 26 8.5V11h-5Z" />
        <rect x="6" y="12.5" width="5" height="7" />
        <rect x="21" y="12.5" width="5" height="7" />
        <path d="M6 21h5v5H8.5A2.5 2.5 0 0 1 6 23.500Z" />
        <rect x="12.5" y="21" width="7" height="5" />
        <path d="M21 21h5v2.5a2.5 2.5 0 0 1-2.5 2.500H21Z" />
      </g>
      <circle cx="16" cy="16" r="1.9" fill="#ffd27a" />
    </svg>
  );
}

export function Logo({ className }: { className?: string }) {
  return (
    <span className={cn('inline-flex items-center gap-2.5 text-[1.0625rem] font-semibold tracking-tight', className)}>
      <LogoMark />
      Bastide
    </span>
  );
}
