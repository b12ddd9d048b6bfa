/** What the page's form offers; each stand-in documents its own kinds where it implements them. */
interface FaultKind {
  kind: string;
  says: string;
  /** Which numbers it reads besides `times`, `probability`, `method` and `path`. */
  takes?: ('ms' | 'status' | 'chunks')[];
}

const COMMON: FaultKind[] = [
  { kind: 'status', says: 'answers an error without doing the work', takes: ['status'] },
  { kind: 'latency', says: 'answers late', takes: ['ms'] },
  { kind: 'hang', says: 'never answers' },
  { kind: 'drop_before', says: 'cuts the connection before the work' },
  { kind: 'drop_after', says: 'does the work, then cuts the connection' },
];

const WEBHOOKS: FaultKind[] = [
  { kind: 'webhook_lose', says: 'never sends the webhook' },
  { kind: 'webhook_duplicate', says: 'sends the webhook twice' },
  { kind: 'webhook_delay', says: 'sends the webhook late', takes: ['ms'] },
  { kind: 'webhook_reorder', says: 'holds the webhook back until after the next one' },
];

const LLM: FaultKind[] = [
  { kind: 'stall_before', says: 'first byte late', takes: ['ms'] },
  { kind: 'stall_mid', says: 'pauses in the middle of a stream', takes: ['ms', 'chunks'] },
  { kind: 'stream_cut', says: 'cuts the connection in the middle', takes: ['chunks'] },
  { kind: 'stream_error', says: 'error event in the middle, no [DONE]', takes: ['chunks'] },
  { kind: 'no_usage', says: 'leaves usage out' },
  { kind: 'usage_with_choices', says: 'usage on the last chunk that has a choice' },
  { kind: 'odd_framing', says: 'CRLF, comments, split characters' },
  { kind: 'bad_json', says: 'an answer that is not JSON' },
  { kind: 'html_502', says: 'a proxy’s HTML error page' },
];

const PROVIDER: FaultKind[] = [
  ...COMMON.map((common) =>
    common.kind === 'status' ? { ...common, takes: ['status' as const, 'ms' as const] } : common,
  ),
  ...LLM,
];

const REFUSE: FaultKind = { kind: 'refuse', says: 'the model declines by its own rules' };

const SMTP: FaultKind[] = [
  { kind: 'smtp_4xx', says: 'refuses the mail for now (451)' },
  { kind: 'smtp_5xx', says: 'refuses the mail for good (550)' },
  { kind: 'smtp_drop_after', says: 'keeps the mail, then cuts the connection' },
  { kind: 'latency', says: 'answers late', takes: ['ms'] },
  { kind: 'hang', says: 'never answers' },
];

export const FAULT_KINDS: Record<string, FaultKind[]> = {
  lago: [...COMMON, ...WEBHOOKS],
  stripe: [...COMMON, ...WEBHOOKS],
  chargily: [...COMMON, ...WEBHOOKS],
  oidc: [...COMMON, ...WEBHOOKS],
  llm: PROVIDER,
  anthropic: [...PROVIDER, REFUSE],
  gemini: [...PROVIDER, REFUSE],
  sites: COMMON,
  smtp: SMTP,
};
