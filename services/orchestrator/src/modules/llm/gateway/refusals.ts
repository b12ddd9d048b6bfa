import type { Decision } from '../limits/limiter.ts';
import type { GatewayError } from './errors.ts';

type Refusal = Extract<Decision, { kind: 'refused' }>;

const OWNERS = { tenant: 'this tenant', key: 'this key' } as const;

/** What the limiter refused, as OpenAI says it: 429, and whether waiting is of any use. */
export function refusalError(refusal: Refusal): GatewayError {
  const retryAfterS = Math.max(1, Math.ceil(refusal.retryAfterMs / 1000));
  switch (refusal.limit) {
    case 'requests':
      return limited('requests', `${limitOf(refusal)} requests per minute of ${who(refusal)}`, retryAfterS);
    case 'tokens':
      return limited('tokens', `${limitOf(refusal)} tokens per minute of ${who(refusal)}`, retryAfterS);
    case 'concurrency':
      return limited('requests', `the requests that ${who(refusal)} may have under way at once`, retryAfterS);
    case 'messages':
      return usedUp(messagesSpent(refusal), retryAfterS);
    case 'budget':
      return usedUp(`The budget of ${who(refusal)} is spent.${again(refusal)}`, retryAfterS);
  }
}

const who = ({ by }: Refusal) => OWNERS[by];
const limitOf = ({ limit, allowances }: Refusal) =>
  (limit === 'tokens' ? allowances.tokens : allowances.requests)?.limit ?? 'The';

function messagesSpent(refusal: Refusal): string {
  if (refusal.allowances.requests?.limit !== 0)
    return `The messages of today of ${who(refusal)} are used up.${again(refusal)}`;
  return refusal.by === 'tenant'
    ? 'No plan of this tenant includes the LLM gateway. Choose one in the dashboard.'
    : 'This key may send no messages. Its limits are set in the dashboard.';
}

const again = ({ retryAfterMs }: Refusal) =>
  ` The next ones are there at ${new Date(Date.now() + retryAfterMs).toISOString()}; a larger limit is set in the dashboard.`;

const limited = (type: string, what: string, retryAfterS: number): GatewayError => ({
  status: 429,
  body: {
    message: `Rate limit reached: ${what}. Try again in ${retryAfterS} s.`,
    type,
    param: null,
    code: 'rate_limit_exceeded',
  },
  retryAfterS,
});

/** The official client would sleep for the whole `retry-after`, which may be a day. */
const usedUp = (message: string, retryAfterS: number): GatewayError => ({
  status: 429,
  body: { message, type: 'insufficient_quota', param: null, code: 'insufficient_quota' },
  retryAfterS,
  shouldRetry: false,
});
