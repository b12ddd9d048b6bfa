/** `./scripts/start.clock.sh`: asks the API every five seconds, which makes it do what is due (renew, bill, expire). */
const tick = async (): Promise<void> => {
  try {
    await fetch('http://lago-api:3000/health', { signal: AbortSignal.timeout(4000) });
  } catch {
    // It comes back.
  }
  setTimeout(() => void tick(), 5000);
};
void tick();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => process.exit(0));
