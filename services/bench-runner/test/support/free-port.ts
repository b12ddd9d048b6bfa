import { closeSync, mkdirSync, openSync, statSync, utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/** For so long a claimed port is nobody else's; whoever asked for it listens on it by then. */
const CLAIM_MS = 120_000;
const CLAIMS = path.join(os.tmpdir(), 'bastide-ports');

/**
 * A port for a server that is told its port before it listens. Below the range that the kernel takes for outgoing
 * connections, so that it is not gone again by then, and claimed by a file, so that no other test or quick start of
 * this machine is given the same one meanwhile.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (isClaimed(port)) continue;
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (isFree) return port;
  }
}

/** Whether another process has claimed it; otherwise it is claimed now. */
function isClaimed(port: number): boolean {
  const file = path.join(CLAIMS, String(port));
  try {
    // Other users of the machine claim theirs here too.
    mkdirSync(CLAIMS, { recursive: true, mode: 0o777 });
    closeSync(openSync(file, 'wx'));
    return false;
  } catch {
    const claimedAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
    // Without a folder to write to, a port is only as safe as chance makes it.
    if (claimedAt === undefined) return false;
    if (Date.now() - claimedAt < CLAIM_MS) return true;
    utimesSync(file, new Date(), new Date());
    return false;
  }
}
