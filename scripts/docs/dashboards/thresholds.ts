/** Shared by the dashboards: from which value on something is worth a look, or bad. */
import type { Look } from './panels.ts';

type Thresholds = NonNullable<Look['thresholds']>;

export const red = (from: number): Thresholds => [[from, 'red']];
export const orangeRed = (orange: number, worse: number): Thresholds => [
  [orange, 'orange'],
  [worse, 'red'],
];
/** Low is bad: red below `orange`, green from `green` on. */
export const lowIsBad = (orange: number, green: number): Thresholds => [
  [-Infinity, 'red'],
  [orange, 'orange'],
  [green, 'green'],
];
export const DAY_S = 86_400;
