/** The wire's times are naive, to the microsecond, and here always UTC: `2026-11-20 08:30:39.224000`. */
export function naiveTime(at: Date = new Date()): string {
  return `${at.toISOString().slice(0, 23).replace('T', ' ')}000`;
}

export const fromNaiveTime = (text: string): Date => new Date(`${text.slice(0, 23).replace(' ', 'T')}Z`);

/** `0:00:01.020000`, as Python prints a timedelta. */
export function duration(start: string, end: string): string {
  const ms = Math.max(0, fromNaiveTime(end).getTime() - fromNaiveTime(start).getTime());
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const micros = `${String(ms % 1000).padStart(3, '0')}000`;
  return `${Math.floor(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}.${micros}`;
}

/** Jobs and steps write the hour with two digits: `00:00:01.020000`. */
export const paddedDuration = (start: string, end: string): string => duration(start, end).padStart(15, '0');
