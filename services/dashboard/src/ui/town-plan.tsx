const STREETS = [40, 132, 216, 344, 428, 520];
const HOUSE_COUNTS = [3, 4, 3, 4, 3];

interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The blocks between the streets, without the market place in the middle. */
const BLOCKS: readonly Rect[] = spans().flatMap(([x, width], column) =>
  spans().flatMap(([y, height], row) => (column === 2 && row === 2 ? [] : [{ x, y, width, height }])),
);

function spans(): [number, number][] {
  return STREETS.slice(1).map((end, index) => [(STREETS[index] ?? 0) + 6, end - (STREETS[index] ?? 0) - 12]);
}

/** A block's plots: long and narrow, two rows back to back, as the founders measured them. */
function plots({ x, y, width, height }: Rect, block: number): Rect[] {
  const count = HOUSE_COUNTS[block % HOUSE_COUNTS.length] ?? 3;
  return Array.from({ length: count * 2 }, (_, index) => ({
    x: x + (index % count) * (width / count),
    y: y + (index < count ? 0 : height / 2),
    width: width / count,
    height: height / 2,
  }));
}

/** Which plots are built on: an irregular but fixed choice, denser around the market. */
function isBuilt(block: number, plot: number): boolean {
  return (block * 7 + plot * 5) % 4 < ([6, 7, 8, 11, 12, 15, 16, 17].includes(block) ? 3 : 1);
}

/** A decorative plan of a bastide: walls, streets at right angles, plots, and the market place in the middle. */
export function TownPlan({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 560 560" aria-hidden className={className} fill="none" stroke="currentColor">
      <g className="text-accent">
        <rect x="22" y="22" width="516" height="516" rx="34" strokeWidth="2.5" opacity=".55" />
        <rect x="30" y="30" width="500" height="500" rx="27" strokeWidth="1" opacity=".45" />
        {BLOCKS.map((block, blockIndex) => (
          <g key={`${block.x}/${block.y}`} strokeWidth="1">
            {plots(block, blockIndex).map((plot, plotIndex) => (
              <rect
                key={plotIndex}
                {...plot}
                rx="2"
                strokeOpacity=".42"
                fill="currentColor"
                fillOpacity={isBuilt(blockIndex, plotIndex) ? 0.16 : 0.03}
              />
            ))}
          </g>
        ))}
        <Gates />
        <MarketPlace />
      </g>
    </svg>
  );
}

function Gates() {
  return (
    <g fill="var(--canvas)" strokeWidth="2" strokeOpacity=".6">
      <rect x="264" y="14" width="32" height="22" rx="4" />
      <rect x="264" y="524" width="32" height="22" rx="4" />
      <rect x="14" y="264" width="22" height="32" rx="4" />
      <rect x="524" y="264" width="22" height="32" rx="4" />
    </g>
  );
}

function MarketPlace() {
  const arcade = [236, 258, 280, 302, 324];
  return (
    <g>
      <rect
        x="222"
        y="222"
        width="116"
        height="116"
        rx="6"
        fill="currentColor"
        fillOpacity=".05"
        strokeOpacity=".7"
        strokeWidth="1.5"
      />
      <g fill="currentColor" stroke="none" opacity=".5">
        {arcade.flatMap((at) => [
          <circle key={`n${at}`} cx={at} cy="232" r="2" />,
          <circle key={`s${at}`} cx={at} cy="328" r="2" />,
          <circle key={`w${at}`} cx="232" cy={at} r="2" />,
          <circle key={`e${at}`} cx="328" cy={at} r="2" />,
        ])}
      </g>
      <rect x="260" y="260" width="40" height="40" rx="4" fill="#e9a93c" stroke="none" />
      <path d="M260 260l40 40M300 260l-40 40" stroke="var(--canvas)" strokeWidth="1.5" />
    </g>
  );
}
