import type Provider from 'oidc-provider';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { readBody } from '../kernel/read-body.ts';
import type { Accounts } from './accounts.ts';
import { errorPage, loginPage, type Language, type LoginProblem } from './pages.ts';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;
type Middleware = (ctx: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>;

/** The page between the authorization request and the code. POSTing `email` and `password` to its own address signs in. */
export function interactions(provider: Provider, accounts: Accounts): Middleware {
  return async (ctx, next) => {
    if (!ctx.path.startsWith('/interaction/')) return next();
    ctx.set('cache-control', 'no-store');
    ctx.type = 'html';
    const interaction = await provider.interactionDetails(ctx.req, ctx.res).catch(() => undefined);
    if (!interaction || !ctx.path.endsWith(interaction.uid)) {
      ctx.status = 400;
      ctx.body = errorPage('interaction_expired', 'This sign-in has expired or was begun in another browser.');
      return;
    }
    if (ctx.method === 'POST') return submit(ctx, provider, accounts, interaction);
    if (interaction.prompt.name === 'consent') return finish(ctx, provider, { consent: {} });
    show(ctx, accounts, interaction, {});
  };
}

async function submit(
  ctx: KoaContextWithOIDC,
  provider: Provider,
  accounts: Accounts,
  interaction: Interaction,
): Promise<void> {
  const form = new URLSearchParams(await readBody(ctx.req));
  if (form.has('cancel'))
    return finish(ctx, provider, { error: 'access_denied', error_description: 'Sign-in canceled' });
  const email = form.get('email') ?? '';
  const entry = accounts.enter({ email, password: form.get('password') ?? '', locale: languageOf(ctx, interaction) });
  if ('refused' in entry) {
    ctx.status = entry.refused === 'wrong_password' ? 401 : 400;
    return show(ctx, accounts, interaction, { email, problem: entry.refused });
  }
  return finish(ctx, provider, { login: { accountId: entry.account.sub } });
}

async function finish(
  ctx: KoaContextWithOIDC,
  provider: Provider,
  result: Parameters<Provider['interactionResult']>[2],
): Promise<void> {
  const returnTo = await provider.interactionResult(ctx.req, ctx.res, result, { mergeWithLastSubmission: true });
  ctx.status = 303;
  ctx.redirect(returnTo);
}

function show(
  ctx: KoaContextWithOIDC,
  accounts: Accounts,
  interaction: Interaction,
  { email, problem }: { email?: string; problem?: LoginProblem },
): void {
  const hint = interaction.params.login_hint;
  ctx.body = loginPage({
    language: languageOf(ctx, interaction),
    email: email ?? (typeof hint === 'string' ? hint : ''),
    ...(problem && { problem }),
    accounts: accounts.demo(),
  });
}

function languageOf(ctx: KoaContextWithOIDC, interaction: Interaction): Language {
  const asked = interaction.params.ui_locales;
  if (typeof asked === 'string') return asked.startsWith('fr') ? 'fr' : 'en';
  return ctx.acceptsLanguages('en', 'fr') === 'fr' ? 'fr' : 'en';
}
