/**
 * What differs between Claude's generations in what a request may hold. A name that is not known counts as the newest:
 * https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking,
 * https://platform.claude.com/docs/en/build-with-claude/effort.
 */
export interface ModelTraits {
  /** How much it thinks is said by a budget of tokens, or by effort. */
  thinking: 'none' | 'budget' | 'adaptive';
  /** Some always think and refuse to be told not to. */
  canStopThinking: boolean;
  takesExtraHighEffort: boolean;
  /** temperature, top_p and top_k; later ones answer 400 to them. */
  takesSampling: boolean;
  takesTopPBesideTemperature: boolean;
}

const ALWAYS_THINKS = /fable|mythos/;

export function traitsOf(model: string): ModelTraits {
  const generation = generationOf(model);
  return {
    thinking: generation < 3.7 ? 'none' : generation < 4.6 ? 'budget' : 'adaptive',
    canStopThinking: !ALWAYS_THINKS.test(model),
    takesExtraHighEffort: generation >= 4.7,
    takesSampling: generation < 4.7,
    takesTopPBesideTemperature: generation < 4,
  };
}

/** `claude-3-7-sonnet-20250219` is 3.7, `claude-sonnet-4-20250514` is 4. */
function generationOf(model: string): number {
  const match = /claude-(?:[a-z]+-)?(\d)(?:[-.](\d))?(?!\d)/.exec(model);
  return match ? Number(`${match[1]}.${match[2] ?? 0}`) : Infinity;
}
