import { z } from 'zod';
import type { StandIn } from '../kernel/stand-in.ts';
import type { Account } from './account.ts';
import { emit, wants } from './webhooks.ts';

/** An honest receiver refuses a signature older than 300 s. */
const TOO_OLD_SECONDS = 301;

const OfEvents = z.object({ eventId: z.string().optional(), type: z.string().optional() });
const Made = z.object({ type: z.string(), object: z.record(z.string(), z.unknown()) });

interface How {
  ageSeconds?: number;
  secret?: string;
}

/** Deliveries as they should not be. */
export function webhookActions(account: Account, webhookSecret: string): NonNullable<StandIn['actions']> {
  const resend = (input: unknown, { ageSeconds = 0, secret }: How = {}) => {
    const { eventId, type } = OfEvents.parse(input);
    const events = account.rows.events.filter(
      (row) => (!eventId || row.id === eventId) && (!type || row.type === type),
    );
    const sent = events.flatMap((event) =>
      account.rows.endpoints.filter((row) => wants(row, event.type)).map((row) => ({ event, row })),
    );
    for (const { event, row } of sent) {
      account.webhooks.deliver(event, secret ? { ...row, secret } : row, ageSeconds);
    }
    return { sent: sent.map(({ event }) => event.id) };
  };
  return {
    redeliver: (input) => resend(input),
    send_old: (input) => resend(input, { ageSeconds: TOO_OLD_SECONDS }),
    /** Signed by somebody who does not know the secret. */
    send_forged: (input) => resend(input, { secret: `${webhookSecret}_of_somebody_else` }),
    /** A well-signed event about whatever object the test makes up: another amount, somebody else's metadata. */
    send_made_up: (input) => {
      const { type, object } = Made.parse(input);
      return emit(account, type, object);
    },
  };
}
