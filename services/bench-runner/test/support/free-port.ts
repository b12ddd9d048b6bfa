import { createServer } from 'node:net';

/**
 * A port for a server that is told its port before it listens. Below the range that the kernel takes for outgoing
 * connections, so that it is not gone again by then; the same range as `free_ports` in scripts/lib/servers.sh.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}
