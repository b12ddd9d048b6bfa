/**
 * Days and months of one time zone, written `2026-01-31` and `2026-01`: they sort and compare as text. The zone is an IANA
 * name that the configuration has checked.
 */

const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
    });
    formats.set(zone, format);
  }
  return format;
}

/** What a clock on the wall there shows, as if it were UTC. */
function wallMs(zone: string, at: number): number {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

const textOf = (utcMs: number): string => new Date(utcMs).toISOString().slice(0, 10);

/** The day that it is there. */
export const dayIn = (zone: string, at: Date | number): string =>
  zone === 'UTC' ? textOf(Number(at)) : textOf(wallMs(zone, Number(at)));

export const monthOf = (day: string): string => day.slice(0, 7);

export const addDays = (day: string, count: number): string => textOf(Date.parse(day) + count * DAY_MS);

/** How many days from the first to the last, both counted. */
export const daysFrom = (first: string, last: string): number => (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;

/** The first and the last day of a month. */
export function monthDays(month: string): { from: string; to: string } {
  const first = Date.parse(`${month}-01`);
  const next = Date.UTC(new Date(first).getUTCFullYear(), new Date(first).getUTCMonth() + 1, 1);
  return { from: `${month}-01`, to: textOf(next - DAY_MS) };
}

/**
 * The first moment of a day there. Where the clocks are put forward over midnight, the day begins when they have been;
 * where they are put back over it, at the first of the two midnights.
 */
export function dayBegins(zone: string, day: string): Date {
  const midnight = Date.parse(day);
  // No zone is further than 14 hours from UTC: the day begins between these, and changes its name once in between.
  let before = midnight - DAY_MS;
  let within = midnight + DAY_MS;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (dayIn(zone, middle) < day) before = middle;
    else within = middle;
  }
  return new Date(within);
}
