import { createAnthropic } from './anthropic/anthropic.ts';
import { createChargily } from './chargily/chargily.ts';
import { createControl } from './control/control.ts';
import { createGemini } from './gemini/gemini.ts';
import { Clock } from './kernel/clock.ts';
import { Faults } from './kernel/faults.ts';
import { listen, type Listening } from './kernel/listen.ts';
import { misbehaving } from './kernel/misbehave.ts';
import { RequestLog } from './kernel/request-log.ts';
import type { Controllable, StandIn, World } from './kernel/stand-in.ts';
import { createLago } from './lago/lago.ts';
import { createLlm } from './llm/llm.ts';
import { createOidc } from './oidc/oidc.ts';
import { createSites } from './sites/sites.ts';
import { startSmtp } from './smtp/smtp.ts';
import type { Mailbox } from './smtp/mailbox.ts';
import { createStripe } from './stripe/stripe.ts';

export { signIn } from './oidc/sign-in.ts';

const HTTP = ['oidc', 'lago', 'stripe', 'chargily', 'llm', 'anthropic', 'gemini', 'sites', 'control'] as const;
type HttpName = (typeof HTTP)[number];

export interface SandboxOptions {
  /** Address to listen at; left out = the loopback only. */
  host?: string;
  /** 0 or left out = a free port. */
  ports?: Partial<Record<HttpName | 'smtp', number>>;
  oidc: {
    clientId: string;
    clientSecret: string;
    redirectUris: string[];
    postLogoutRedirectUris: string[];
    backchannelLogoutUri?: string;
    audience: string;
    /** The issuer when browsers reach it by another origin than http://127.0.0.1:port; an origin without a path. */
    publicUrl?: string;
  };
  lago: { apiKey: string; hmacKey: string };
  /** `publicUrl`: where browsers reach its checkout pages when that is not http://127.0.0.1:port. */
  stripe: { secretKey: string; webhookSecret: string; webhookUrl?: string; publicUrl?: string };
  chargily: { secretKey: string };
  /** Of all three LLM providers. */
  llm: { apiKey: string };
  /** Folder `sites/` of the fake bench; the sites server answers from it. */
  benchSitesDir?: string;
}

export interface Sandbox {
  world: World;
  urls: Record<HttpName, string>;
  smtpUrl: string;
  standIns: Record<string, Controllable>;
  /** What the SMTP catcher caught. */
  mails: Mailbox;
  stop(): Promise<void>;
}

/** Starts a stand-in for every outside system, each at a port of its own on the loopback. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const servers = await listenAll(options.ports ?? {}, options.host);
  try {
    return await populate(servers, options);
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
}

async function populate(servers: Servers, options: SandboxOptions): Promise<Sandbox> {
  const world: World = { clock: new Clock(), faults: new Faults(), log: new RequestLog() };
  const urls = urlsOf(servers);
  const http: StandIn[] = [
    createOidc(world, { ...options.oidc, url: urls.oidc }),
    createLago(world, options.lago),
    createStripe(world, { ...options.stripe, publicUrl: () => options.stripe.publicUrl ?? urls.stripe }),
    createChargily(world, { ...options.chargily, publicUrl: () => urls.chargily }),
    createLlm(world, options.llm),
    createAnthropic(world, options.llm),
    createGemini(world, options.llm),
    createSites(world, { sitesDir: options.benchSitesDir }),
  ];
  const smtp = await startSmtp(world, { port: options.ports?.smtp ?? 0, host: options.host });
  const standIns: Record<string, Controllable> = Object.fromEntries([...http, smtp].map((s) => [s.name, s]));
  for (const standIn of http) servers[standIn.name as HttpName].server.on('request', misbehaving(world, standIn));
  const control = createControl({ world, standIns, urls: { ...urls, smtp: smtp.url }, mails: smtp.mails });
  servers.control.server.on('request', control);
  return {
    world,
    urls,
    smtpUrl: smtp.url,
    standIns,
    mails: smtp.mails,
    stop: async () => {
      await Promise.all([closeAll(servers), ...Object.values(standIns).map((standIn) => standIn.stop?.())]);
    },
  };
}

type Servers = Record<HttpName, Listening>;

async function listenAll(ports: Partial<Record<HttpName, number>>, host: string | undefined): Promise<Servers> {
  const results = await Promise.allSettled(HTTP.map((name) => listen(name, ports[name] ?? 0, host)));
  const failed = results.find((result) => result.status === 'rejected');
  const open = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  if (!failed) return Object.fromEntries(HTTP.map((name, index) => [name, open[index]])) as Servers;
  await Promise.all(open.map((listening) => listening.close()));
  throw failed.reason;
}

function closeAll(servers: Servers): Promise<unknown> {
  return Promise.all(Object.values(servers).map((listening) => listening.close()));
}

function urlsOf(servers: Servers): Record<HttpName, string> {
  return Object.fromEntries(HTTP.map((name) => [name, servers[name].url])) as Record<HttpName, string>;
}
