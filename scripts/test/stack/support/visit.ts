/** A customer who comes back: is everything that they had still there, and does it work? */
import { Browser } from '../../../tour/browser.ts';
import { ApiClient } from '../../../tour/client.ts';
import { signIn } from '../../../tour/sign-in.ts';
import { urlOf } from './setting.ts';
import { type Account, account } from './tour.ts';

interface List<T> {
  items: T[];
}

export class Customer {
  readonly #browser = new Browser();
  readonly #api = new ApiClient(this.#browser, urlOf('app'));
  readonly #account: Account;

  private constructor(given: Account) {
    this.#account = given;
    this.#api.tenantId = given.tenantId;
  }

  static async comesBack(): Promise<Customer> {
    const customer = new Customer(await account());
    const { email, password } = customer.#account;
    await signIn(customer.#browser, `${urlOf('app')}/auth/login?returnTo=/overview`, { email, password });
    return customer;
  }

  /** The quick part of the tour; throws when something does not work. */
  async looksAround(): Promise<void> {
    const me = await this.#api.get<{ user: { email: string } }>('/v1/me');
    if (me.user.email !== this.#account.email) throw new Error(`signed in as ${me.user.email}`);
    const ping = await fetch(`${this.#account.siteUrl}/api/method/ping`);
    if (!ping.ok) throw new Error(`the site answered ${ping.status}`);
    const models = await fetch(`${urlOf('llm')}/v1/models`, {
      headers: { authorization: `Bearer ${this.#account.llmKey}` },
    });
    if (!models.ok) throw new Error(`the gateway lists no models: ${models.status}`);
    const completion = await fetch(`${urlOf('llm')}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#account.llmKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: this.#account.model, messages: [{ role: 'user', content: 'Still there?' }] }),
    });
    const said = await completion.text();
    // The plan of this account has three messages a day: counted, they are as good an answer as a completion.
    if (!completion.ok && !said.includes('insufficient_quota'))
      throw new Error(`the gateway answered ${completion.status}: ${said}`);
  }

  /** The same, until it works: a container that is healthy may still be unknown to the edge for a moment. */
  async looksAroundSoon(timeoutMs = 60_000): Promise<void> {
    for (const from = Date.now(); ;) {
      try {
        return await this.looksAround();
      } catch (error) {
        if (Date.now() - from > timeoutMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }
    }
  }

  /** What must never be lost. */
  async belongings(): Promise<unknown> {
    const [sites, invoices, keys] = await Promise.all([
      this.#api.get<List<{ id: string; host: string; status: string }>>('/v1/sites'),
      this.#api.get<List<{ id: string; paymentStatus: string; totalMinor: number }>>('/v1/invoices'),
      this.#api.get<List<{ id: string; name: string }>>('/v1/llm/keys'),
    ]);
    return {
      sites: sites.items.map(({ id, host, status }) => ({ id, host, status })),
      invoices: invoices.items.map(({ id, paymentStatus, totalMinor }) => ({ id, paymentStatus, totalMinor })),
      keys: keys.items.map(({ id, name }) => ({ id, name })),
    };
  }
}
