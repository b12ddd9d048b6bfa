import { cn } from '#lib/cn.ts';

interface ProgressProps {
  label: string;
  /** 0 to 1; null when nobody knows how long it takes. */
  value: number | null;
  tone?: 'accent' | 'warning' | 'danger' | 'success';
  className?: string;
}

const TONES = { accent: 'bg-accent', warning: 'bg-warning', danger: 'bg-danger', success: 'bg-success' } as const;

export function Progress({ label, value, tone = 'accent', className }: ProgressProps) {
  const percent = value === null ? null : Math.round(Math.min(1, Math.max(0, value)) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === null ? {} : { 'aria-valuenow': percent })}
      className={cn('h-1.5 w-full overflow-hidden rounded-full bg-hover', className)}
    >
      <div
        className={cn(
          'h-full rounded-full transition-[width] duration-500',
          TONES[tone],
          percent === null && 'w-1/3 animate-sweep',
        )}
        style={percent === null ? undefined : { width: `${percent}%` }}
      />
    </div>
  );
}
