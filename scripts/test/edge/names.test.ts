import { connect } from 'node:tls';
import { DOMAIN } from './support/edge.ts';
import { edgeTest } from './support/test.ts';

const test = edgeTest();

const handshake = (
  port: number,
  options: { servername?: string; maxVersion?: 'TLSv1.1' | 'TLSv1.2'; ciphers?: string; ca?: string },
) =>
  new Promise<{ protocol: string | null; names: string }>((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: options.ca !== undefined, ...options });
    socket.once('error', reject).once('secureConnect', () => {
      resolve({ protocol: socket.getProtocol(), names: socket.getPeerCertificate().subjectaltname ?? '' });
      socket.destroy();
    });
  });

test('a name of no certificate, and no name, get no certificate at all', async (t) => {
  const port = t.context.edge.ports.websecure;
  await t.throwsAsync(handshake(port, { servername: 'other.example' }), {
    message: /unrecognized name|alert|disconnected|internal error/i,
  });
  await t.throwsAsync(handshake(port, { servername: `a.b.${DOMAIN}` }));
  await t.throwsAsync(handshake(port, {}));
});

test('TLS 1.2 is the least, and only with forward secrecy', async (t) => {
  const { ports, client } = t.context.edge;
  const known = { servername: `app.${DOMAIN}`, ca: client.ca };
  t.is((await handshake(ports.websecure, known)).protocol, 'TLSv1.3');
  t.is((await handshake(ports.websecure, { ...known, maxVersion: 'TLSv1.2' })).protocol, 'TLSv1.2');
  await t.throwsAsync(handshake(ports.websecure, { ...known, maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }));
  await t.throwsAsync(handshake(ports.websecure, { ...known, maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }));
  await t.throwsAsync(handshake(ports.websecure, { ...known, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-SHA' }));
});

test('a host that is nobody’s gets a 404 from the edge', async (t) => {
  const { client } = t.context.edge;
  for (const host of ['other.example', `a.b.${DOMAIN}`, 'localhost', '127.0.0.1', `evil-${DOMAIN}`]) {
    const { status, arrival } = await client.get(`${host}/`, { serverName: `app.${DOMAIN}` });
    t.is(status, 404, host);
    t.is(arrival, undefined, host);
  }
});

test('a name is the same with a final dot, in capitals and with a port', async (t) => {
  const { client } = t.context.edge;
  for (const host of [
    `app.${DOMAIN}.`,
    `APP.${DOMAIN.toUpperCase()}`,
    `app.${DOMAIN}:${t.context.edge.ports.websecure}`,
  ]) {
    t.is((await client.get(`${host}/v1/me`, { serverName: `app.${DOMAIN}` })).arrival?.service, 'api', host);
    t.is((await client.get(`${host}/metrics`, { serverName: `app.${DOMAIN}` })).status, 404, host);
  }
});
