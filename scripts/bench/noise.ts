import { percentile } from './load/load.ts';
import type { Results } from './results.ts';

/** The bare pass-through does the same work each time: what differs between its rounds is the machine. */
const MOST_SPREAD = 0.2;
const MOST_FOREIGN = 0.05;

export interface Noise {
  /** Of the bare pass-through's requests/s and CPU per request, over the rounds; NaN without it or with one round. */
  rateSpread: number;
  cpuSpread: number;
  /** How much of the core under test something else took, typically and at its worst. */
  foreignShare: { median: number; most: number };
  /** Undefined when one round cannot tell. */
  isQuiet: boolean | undefined;
}

export function noiseOf(results: Results): Noise {
  const hasRounds = results.of('json', 'bare').length > 1;
  const spread = (field: 'perSecond' | 'cpuUs') => (hasRounds ? results.spread('json', 'bare', field) : NaN);
  const foreign = results.all('foreignShare');
  const [rateSpread, cpuSpread] = [spread('perSecond'), spread('cpuUs')];
  const foreignShare = { median: percentile(foreign, 0.5), most: Math.max(0, ...foreign) };
  const isNoisy = rateSpread > MOST_SPREAD || cpuSpread > MOST_SPREAD || foreignShare.median > MOST_FOREIGN;
  const isQuiet = isNoisy ? false : hasRounds ? true : undefined;
  return { rateSpread, cpuSpread, foreignShare, isQuiet };
}

export function described({ rateSpread, cpuSpread, foreignShare, isQuiet }: Noise): string {
  const share = (value: number) => (Number.isFinite(value) ? `${(value * 100).toFixed(0)} %` : 'not known');
  const facts = [
    `between its rounds the bare pass-through’s requests/s differ by ${share(rateSpread)} and its CPU per request by ${share(cpuSpread)}`,
    `something else took ${share(foreignShare.median)} of the core under test (median of all samples; at worst ${share(foreignShare.most)})`,
  ].join('; ');
  if (isQuiet === undefined)
    return `Whether the machine was quiet takes the bare pass-through and more rounds: ${facts}.`;
  return isQuiet
    ? `The machine was quiet: ${facts}.`
    : `**The machine was not quiet, take the figures with care and measure again:** ${facts}.`;
}
