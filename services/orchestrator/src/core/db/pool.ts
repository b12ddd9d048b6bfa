import type { Knex } from 'knex';
import { Gauge, type Registry } from 'prom-client';

interface Pool {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** How much of a process's pool is used: three counters in memory, read when Prometheus asks. */
export function measurePool(db: Knex, registry: Registry): void {
  const { pool } = db.client as { pool: Pool };
  const registers = [registry];
  new Gauge({
    name: 'bastide_database_pool_connections',
    help: 'Connections of this process to MariaDB, by state.',
    labelNames: ['state'] as const,
    registers,
    collect() {
      this.set({ state: 'used' }, pool.numUsed());
      this.set({ state: 'free' }, pool.numFree());
    },
  });
  new Gauge({
    name: 'bastide_database_pool_waiting',
    help: 'Requests and jobs that wait for a connection.',
    registers,
    collect() {
      this.set(pool.numPendingAcquires());
    },
  });
}
