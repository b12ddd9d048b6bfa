/**
 * What differs between Gemini's generations in what a request may hold. A name that is not known counts as the newest:
 * https://ai.google.dev/gemini-api/docs/thinking, https://ai.google.dev/gemini-api/docs/gemini-3.
 */
export interface ModelTraits {
  /** How much it thinks is said by a budget of tokens, or by a level. */
  thinking: 'none' | 'budget' | 'level';
  /** Pro models always think, at least this much. */
  minBudget: number;
  lowestLevel: 'MINIMAL' | 'LOW';
  /** Calls of tools in a conversation must bear the model's own signature. */
  wantsSignatures: boolean;
}

const MIN_BUDGET_OF_PRO = 128;

export function traitsOf(model: string): ModelTraits {
  const generation = generationOf(model);
  const isPro = /-pro\b/.test(model);
  const hasMinimal = !isPro && (generation < 3.7 || /-lite\b/.test(model));
  return {
    thinking: generation < 2.5 || /-image\b/.test(model) ? 'none' : generation < 3 ? 'budget' : 'level',
    minBudget: isPro ? MIN_BUDGET_OF_PRO : 0,
    lowestLevel: hasMinimal ? 'MINIMAL' : 'LOW',
    wantsSignatures: generation >= 3,
  };
}

/** Gemma and the like, which are served beside it, do without. */
function generationOf(model: string): number {
  if (!/^gemini\b/.test(model)) return 0;
  const version = /^gemini-(\d+(?:\.\d+)?)/.exec(model)?.[1];
  return version === undefined ? Infinity : Number(version);
}
