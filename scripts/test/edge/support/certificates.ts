import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** An authority and a certificate for the domain and all its hosts, as scripts/install.sh makes them for TLS_MODE=local. */
export function makeCertificates(folder: string, domain: string): { ca: string; certificate: string; key: string } {
  const path = (name: string) => join(folder, name);
  const openssl = (...parameters: string[]) => execFileSync('openssl', parameters, { cwd: folder, stdio: 'pipe' });
  const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl(
    ...[
      'req',
      '-x509',
      ...ecKey,
      '-days',
      '2',
      '-subj',
      '/CN=Edge test authority',
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
    ],
  );
  openssl(
    ...[
      'req',
      ...ecKey,
      '-subj',
      `/CN=${domain}`,
      '-keyout',
      'tls.key',
      '-out',
      'tls.csr',
      '-addext',
      `subjectAltName=DNS:${domain},DNS:*.${domain}`,
    ],
  );
  openssl(
    ...[
      'x509',
      '-req',
      '-in',
      'tls.csr',
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-copy_extensions',
      'copyall',
      '-out',
      'tls.crt',
    ],
  );
  return { ca: path('ca.crt'), certificate: path('tls.crt'), key: path('tls.key') };
}
