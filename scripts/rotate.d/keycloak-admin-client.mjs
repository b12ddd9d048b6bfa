// Run inside the image of the orchestrator: old and new secret on standard input, a line each. Changes the secret of the
// client bastide-setup in the realm master; when the new one is valid already there is nothing to do.
import { readFileSync } from 'node:fs';

const base = process.env.KEYCLOAK_URL;
const clientId = process.env.KEYCLOAK_ADMIN_CLIENT_ID;
const [before, after] = readFileSync(0, 'utf8').trim().split('\n');

async function token(secret) {
  const answer = await fetch(`${base}/realms/master/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: clientId, client_secret: secret }),
  });
  if (answer.status === 401 || answer.status === 400) return undefined;
  if (!answer.ok) throw new Error(`Keycloak answered ${answer.status}`);
  return (await answer.json()).access_token;
}

if (!(await token(after))) {
  const bearer = await token(before);
  if (!bearer) throw new Error('Keycloak knows neither the old nor the new secret');
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  const list = await fetch(`${base}/admin/realms/master/clients?clientId=${encodeURIComponent(clientId)}`, { headers });
  const [client] = await list.json();
  const answer = await fetch(`${base}/admin/realms/master/clients/${client.id}`, {
    method: 'PUT',
    headers,
    body: JSON.stringify({ ...client, secret: after }),
  });
  if (!answer.ok) throw new Error(`Keycloak answered ${answer.status}`);
  if (!(await token(after))) throw new Error('Keycloak does not take the secret that it was told');
}
