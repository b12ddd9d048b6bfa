import { createHmac, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { World } from '../kernel/stand-in.ts';
import { WebhookSender } from '../kernel/webhook-sender.ts';
import type { WebhookEndpoint, WebhookRow } from './model.ts';
import { newId, now, type Organization } from './organization.ts';

/** Three attempts in all, as LAGO_WEBHOOK_ATTEMPTS defaults to; Lago waits 3 s and 18–20 s, this stand-in far less. */
const RETRY_MS = [300, 1000] as const;
const ACCEPTED = new Set([200, 201, 202, 204]);

export class Webhooks {
  #sender: WebhookSender;
  readonly #world: World;
  #keys: { publicKey: KeyObject; privateKey: KeyObject } | undefined;

  constructor(world: World) {
    this.#world = world;
    this.#sender = this.#newSender();
  }

  /** One row per endpoint that wants the type. With no endpoint at this moment the event is never stored. */
  send(org: Organization, webhookType: string, objectType: string, object: unknown): void {
    const payload = {
      webhook_type: webhookType,
      object_type: objectType,
      organization_id: org.id,
      [objectType]: object,
    };
    for (const endpoint of org.rows.endpoints) {
      if (endpoint.eventTypes && !endpoint.eventTypes.includes(webhookType)) continue;
      const row: WebhookRow = {
        id: newId(),
        endpoint,
        webhookType,
        body: toRailsJson(payload),
        status: 'pending',
        attempts: 0,
        httpStatus: null,
        createdAt: now(org),
      };
      org.rows.webhooks.push(row);
      this.deliver(org, row);
    }
  }

  /** Sends a row, perhaps once more: the unique key stays the row's. */
  deliver(org: Organization, row: WebhookRow): void {
    row.attempts = 0;
    row.status = 'pending';
    this.#sender.send({
      url: row.endpoint.url,
      body: row.body,
      headers: () => ({
        'x-lago-signature': this.#sign(org, row.endpoint, row.body),
        'x-lago-signature-algorithm': row.endpoint.signatureAlgo,
        'x-lago-unique-key': row.id,
      }),
      onAttempt: (status) => noteAttempt(row, status),
    });
  }

  publicKeyPem(): string {
    return this.#rsa().publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  idle(): Promise<void> {
    return this.#sender.idle();
  }

  stop(): void {
    this.#sender.stop();
  }

  /** Drops what is under way. */
  reset(): void {
    this.#sender.stop();
    this.#sender = this.#newSender();
  }

  #newSender(): WebhookSender {
    return new WebhookSender(this.#world, {
      standIn: 'lago',
      retryMs: RETRY_MS,
      isAccepted: (status) => ACCEPTED.has(status),
    });
  }

  #sign(org: Organization, endpoint: WebhookEndpoint, body: string): string {
    if (endpoint.signatureAlgo === 'hmac') return createHmac('sha256', org.hmacKey).update(body).digest('base64');
    const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const signed = `${encode({ alg: 'RS256' })}.${encode({ data: body, iss: org.apiUrl })}`;
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(this.#rsa().privateKey, 'base64url')}`;
  }

  // Made on first use: most runs sign by HMAC and an RSA key takes a noticeable while.
  #rsa(): { publicKey: KeyObject; privateKey: KeyObject } {
    return (this.#keys ??= generateKeyPairSync('rsa', { modulusLength: 2048 }));
  }
}

function noteAttempt(row: WebhookRow, status: number | null): void {
  row.attempts += 1;
  row.httpStatus = status;
  if (status !== null && ACCEPTED.has(status)) row.status = 'succeeded';
  else row.status = row.attempts > RETRY_MS.length ? 'failed' : 'retrying';
}

/** Rails escapes what HTML would read, so a receiver that signs a re-serialised body fails here as it does in production. */
function toRailsJson(payload: unknown): string {
  return JSON.stringify(payload).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
