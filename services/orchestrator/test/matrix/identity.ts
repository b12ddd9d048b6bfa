import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { signIn } from '@bastide/sandbox';
import type { RunningWorld } from '#test/support/matrix-world.ts';
import type { MatrixEntry, MatrixRequest, MatrixWorld } from '#test/support/matrix.ts';
import { addMember, createApiKeyCaller, createOwner, createUser, invitationToken } from '#test/support/people.ts';

const random = () => randomBytes(5).toString('hex');
const withBody = (body: unknown) => (happy: MatrixRequest) => ({ ...happy, body });
const badId = (name: string) => ({
  path: `params.${name}`,
  change: (happy: MatrixRequest) => ({ ...happy, params: { [name]: 'nonsense' } }),
});
const badPage = {
  path: 'query.limit',
  change: (happy: MatrixRequest) => ({ ...happy, query: { limit: 'many' } }),
};
const apiKeyIsNobody = {
  name: 'an API key is not a person',
  status: 403,
  code: 'auth.user_required',
  request: async (world: MatrixWorld) => ({
    caller: await createApiKeyCaller(world, world.owner.tenantId, ['tenant:read']),
    request: {},
  }),
};

async function newMemberId(world: MatrixWorld): Promise<string> {
  const member = await addMember(world, world.owner.tenantId, 'viewer');
  const answer = await world.request('get', '/v1/members', world.owner, { query: { limit: '100' } });
  const { items } = answer.body as { items: { id: string; userId: string }[] };
  return items.find((item) => item.userId === member.userId)?.id ?? '';
}

async function newIdBy(world: MatrixWorld, path: string, body: unknown): Promise<string> {
  const answer = await world.request('post', path, world.owner, { body });
  return (answer.body as { id: string }).id;
}

/** An invitation of the world's owner into a tenant that is new each time; answers the token of the mail. */
async function newInvitationToken(world: MatrixWorld): Promise<string> {
  const me = await world.request('get', '/v1/me', world.owner);
  const { email } = (me.body as { user: { email: string } }).user;
  const host = await createOwner(world);
  await world.request('post', '/v1/invitations', host, { body: { email, role: 'viewer' } });
  return invitationToken(world, email);
}

/** A browser that came back from the provider, its callback not yet called. */
async function newCallback(world: MatrixWorld): Promise<MatrixRequest> {
  const login = await world.request('get', '/auth/login', null);
  const cookie = login.headers.getSetCookie().map((line) => line.split(';')[0]);
  const callback = await signIn({ url: login.headers.get('location') ?? '', email: 'owner@example.test' });
  return { query: Object.fromEntries(new URL(callback).searchParams), headers: { cookie: cookie.join('; ') } };
}

/** Signs somebody in at the provider, ends their session there, and catches what the provider tells its client. */
async function newLogoutToken(world: MatrixWorld): Promise<string> {
  const { sandbox } = world as RunningWorld;
  const caught = Promise.withResolvers<string>();
  const client = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      caught.resolve(body);
      response.end();
    });
  });
  await new Promise<void>((resolve) => client.listen(0, '127.0.0.1', resolve));
  const { port } = client.address() as AddressInfo;
  const { actions = {} } = sandbox.standIns['oidc'] ?? {};
  actions['setClient']?.({ backchannelLogoutUri: `http://127.0.0.1:${port}/` });
  await world.request('get', '/auth/callback', null, await newCallback(world));
  const { accounts } = sandbox.standIns['oidc']?.state() as { accounts: { sub: string; email: string }[] };
  const sub = accounts.find((account) => account.email === 'owner@example.test')?.sub;
  await actions['endSession']?.({ sub });
  const form = await caught.promise;
  client.close();
  return form;
}

export const entries: MatrixEntry[] = [
  {
    route: 'get /auth/login',
    happy: () => ({ query: { returnTo: '/overview' } }),
    badInput: { path: 'query.returnTo', change: () => ({ query: { returnTo: `/${'x'.repeat(2000)}` } }) },
  },
  {
    route: 'get /auth/callback',
    happy: newCallback,
    badInput: { none: 'whatever is wrong with it is a sign-in that is not ours: see the extra case' },
    extra: [
      {
        name: 'a callback that this browser did not begin',
        status: 400,
        code: 'auth.login_expired',
        request: async (world) => ({ caller: null, request: { ...(await newCallback(world)), headers: {} } }),
      },
    ],
  },
  {
    route: 'post /auth/logout',
    // Nobody's session: the world's owner must stay signed in.
    happy: () => ({ headers: { cookie: 'none=1', 'x-csrf': '1' } }),
    badInput: { none: 'takes no input' },
    extra: [
      {
        name: 'without the CSRF header',
        status: 403,
        code: 'auth.csrf_header_missing',
        request: () => Promise.resolve({ caller: null, request: {} }),
      },
    ],
  },
  {
    route: 'post /auth/backchannel-logout',
    happy: async (world) => ({
      body: await newLogoutToken(world),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }),
    badInput: { none: 'a form, not JSON: see the extra case' },
    extra: [
      {
        name: 'a token that the provider did not sign',
        status: 400,
        code: 'auth.logout_token_invalid',
        request: () => Promise.resolve({ caller: null, request: { body: 'logout_token=nonsense' } }),
      },
    ],
  },
  { route: 'get /v1/me', happy: () => ({}), badInput: { none: 'takes no input' }, extra: [apiKeyIsNobody] },
  {
    route: 'patch /v1/me',
    happy: () => ({ body: { locale: 'en' } }),
    badInput: { path: 'body.locale', change: withBody({ locale: 'xx' }) },
  },
  {
    route: 'post /v1/tenants',
    happy: () => ({ body: { name: 'New', slug: `new-${random()}`, currency: 'EUR' } }),
    badInput: { path: 'body.slug', change: withBody({ name: 'New', slug: '-no-', currency: 'EUR' }) },
    extra: [
      {
        name: 'an API key makes no tenants',
        status: 403,
        code: 'auth.user_required',
        request: async (world) => ({
          caller: await createApiKeyCaller(world, world.owner.tenantId, ['tenant:read']),
          request: { body: { name: 'New', slug: `new-${random()}`, currency: 'EUR' } },
        }),
      },
    ],
  },
  { route: 'get /v1/tenant', happy: () => ({}), badInput: { none: 'takes no input' } },
  {
    route: 'patch /v1/tenant',
    happy: () => ({ body: { name: 'Café de la Gare' } }),
    badInput: { path: 'body.name', change: withBody({ name: '  ' }) },
  },
  { route: 'get /v1/members', happy: () => ({}), badInput: badPage },
  {
    route: 'patch /v1/members/:memberId',
    happy: async (world) => ({ params: { memberId: await newMemberId(world) }, body: { role: 'editor' } }),
    badInput: { path: 'body.role', change: withBody({ role: 'king' }) },
  },
  {
    route: 'delete /v1/members/:memberId',
    happy: async (world) => ({ params: { memberId: await newMemberId(world) } }),
    badInput: badId('memberId'),
  },
  {
    route: 'post /v1/invitations',
    happy: () => ({ body: { email: `${random()}@example.test`, role: 'viewer' } }),
    badInput: { path: 'body.email', change: withBody({ email: 'nobody', role: 'viewer' }) },
  },
  { route: 'get /v1/invitations', happy: () => ({}), badInput: badPage },
  {
    route: 'delete /v1/invitations/:invitationId',
    happy: async (world) => ({
      params: {
        invitationId: await newIdBy(world, '/v1/invitations', { email: `${random()}@example.test`, role: 'viewer' }),
      },
    }),
    badInput: badId('invitationId'),
  },
  {
    route: 'post /v1/invitations/accept',
    happy: async (world) => ({ body: { token: await newInvitationToken(world) } }),
    badInput: { path: 'body.token', change: withBody({}) },
    extra: [
      {
        name: 'somebody else’s invitation',
        status: 403,
        code: 'invitation.other_email',
        request: async (world) => ({
          caller: await createUser(world),
          request: { body: { token: await newInvitationToken(world) } },
        }),
      },
    ],
  },
  {
    route: 'post /v1/api-keys',
    happy: () => ({ body: { name: 'CI', scopes: ['sites:read'] } }),
    badInput: { path: 'body.scopes.0', change: withBody({ name: 'CI', scopes: ['everything'] }) },
  },
  { route: 'get /v1/api-keys', happy: () => ({}), badInput: badPage },
  {
    route: 'delete /v1/api-keys/:apiKeyId',
    happy: async (world) => ({
      params: { apiKeyId: await newIdBy(world, '/v1/api-keys', { name: 'CI', scopes: ['sites:read'] }) },
    }),
    badInput: badId('apiKeyId'),
  },
];
