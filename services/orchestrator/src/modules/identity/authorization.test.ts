import test from 'ava';
import { GRANTABLE_SCOPES, ROLE_SCOPES, scopesOfRoles } from './authorization.ts';

test('a platform role gives its scopes, and other roles none', (t) => {
  t.deepEqual([...scopesOfRoles(['user', 'founding_member', 'constructor'])], []);
  const [support, finance] = [scopesOfRoles(['user', 'support']), scopesOfRoles(['finance'])];
  t.deepEqual([...support].sort(), [
    ...['platform_customers:read', 'platform_llm:read', 'platform_settings:read', 'platform_traces:read'],
    ...['platform_webhooks:read', 'platform_webhooks:write'],
  ]);
  t.deepEqual([...finance].sort(), [
    ...['platform_customers:read', 'platform_figures:read', 'platform_llm:read'],
    ...['platform_payments:read', 'platform_payments:write'],
  ]);
  t.deepEqual(scopesOfRoles(['support', 'finance']), new Set([...support, ...finance]));
  t.true(scopesOfRoles(['admin']).has('platform_llm:write'));
  t.deepEqual(scopesOfRoles(['superadmin']), scopesOfRoles(['admin']));
});

test('nobody has a scope of the platform by a role in a tenant, or by a key', (t) => {
  const inTenants = [...Object.values(ROLE_SCOPES).flatMap((scopes) => [...scopes]), ...GRANTABLE_SCOPES];
  t.deepEqual(
    inTenants.filter((scope) => scope.startsWith('platform_')),
    [],
  );
});
