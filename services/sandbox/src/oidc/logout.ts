import type Provider from 'oidc-provider';
import type { Client, Session } from 'oidc-provider';

/** Public in the library, missing in its types. */
interface NotifiableClient extends Client {
  backchannelLogout(sub: string, sid: string | undefined): Promise<void>;
}

/**
 * Ends a session as Keycloak does: tells every client over the back channel, voids what was issued, forgets the session.
 * A client that cannot be reached does not keep the session alive.
 */
export async function endSession(provider: Provider, session: Session): Promise<void> {
  const { accountId, authorizations = {} } = session;
  await session.destroy();
  for (const [clientId, { sid, grantId }] of Object.entries(authorizations)) {
    if (grantId) await revoke(provider, grantId);
    const client = (await provider.Client.find(clientId)) as NotifiableClient | undefined;
    if (!client?.backchannelLogoutUri || !accountId) continue;
    await client.backchannelLogout(accountId, sid).catch(() => undefined);
  }
}

async function revoke(provider: Provider, grantId: string): Promise<void> {
  await provider.AuthorizationCode.revokeByGrantId(grantId);
  await provider.RefreshToken.revokeByGrantId(grantId);
  await provider.AccessToken.revokeByGrantId(grantId);
  const grant = await provider.Grant.find(grantId);
  await grant?.destroy();
}
