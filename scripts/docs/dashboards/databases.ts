import { chart, dashboard, stat } from './panels.ts';
import { lowIsBad, orangeRed } from './thresholds.ts';

export const databases = dashboard({
  uid: 'databases',
  title: 'Databases',
  about: 'MariaDB, PostgreSQL, Valkey, object store.',
  sections: [
    [
      'MariaDB',
      [
        stat('Up', 'min(mysql_up)', { thresholds: lowIsBad(1, 1) }),
        stat(
          'Connections',
          'max(mysql_global_status_threads_connected) / max(mysql_global_variables_max_connections)',
          { unit: 'percentunit', thresholds: orangeRed(0.6, 0.8) },
        ),
        stat(
          'Buffer pool hits',
          '1 - rate(mysql_global_status_innodb_buffer_pool_reads[15m]) / rate(mysql_global_status_innodb_buffer_pool_read_requests[15m])',
          { unit: 'percentunit', decimals: 2, width: 4 },
        ),
        stat('Slow queries, 1 h', 'increase(mysql_global_status_slow_queries[1h])', {
          decimals: 0,
          thresholds: orangeRed(50, 500),
        }),
        stat('Deadlocks, 1 h', 'increase(mysql_global_status_innodb_deadlocks[1h])', {
          decimals: 0,
          thresholds: orangeRed(5, 40),
        }),
        stat('Running', 'max(mysql_global_status_threads_running)', { thresholds: orangeRed(10, 40) }),
        chart('Connections', [
          { expr: 'mysql_global_status_threads_connected', legend: 'connected' },
          { expr: 'mysql_global_status_threads_running', legend: 'running' },
          { expr: 'mysql_global_variables_max_connections', legend: 'limit' },
        ]),
        chart(
          'Statements a second',
          [
            {
              expr: 'rate(mysql_global_status_commands_total{command=~"select|insert|update|delete|replace|commit|rollback"}[5m])',
              legend: '{{command}}',
            },
          ],
          { unit: 'ops', isStacked: true },
        ),
        chart(
          'Slow queries and deadlocks',
          [
            { expr: 'rate(mysql_global_status_slow_queries[5m])', legend: 'slow queries' },
            { expr: 'rate(mysql_global_status_innodb_deadlocks[5m])', legend: 'deadlocks' },
            { expr: 'rate(mysql_global_status_innodb_row_lock_waits[5m])', legend: 'waits for a row' },
          ],
          { unit: 'ops' },
        ),
        chart(
          'Traffic',
          [
            { expr: 'rate(mysql_global_status_bytes_sent[5m])', legend: 'sent' },
            { expr: 'rate(mysql_global_status_bytes_received[5m])', legend: 'received' },
          ],
          { unit: 'Bps' },
        ),
      ],
    ],
    [
      'PostgreSQL (Lago)',
      [
        stat('Up', 'min(pg_up)', { thresholds: lowIsBad(1, 1) }),
        stat('Connections', 'sum(pg_stat_activity_count) / max(pg_settings_max_connections)', {
          unit: 'percentunit',
          thresholds: orangeRed(0.6, 0.8),
        }),
        stat('Size', 'sum(pg_database_size_bytes)', { unit: 'bytes' }),
        chart('Connections', [{ expr: 'sum by (state) (pg_stat_activity_count)', legend: '{{state}}' }], {
          isStacked: true,
          width: 12,
        }),
        chart(
          'Transactions a second',
          [
            { expr: 'sum(rate(pg_stat_database_xact_commit[5m]))', legend: 'committed' },
            { expr: 'sum(rate(pg_stat_database_xact_rollback[5m]))', legend: 'rolled back' },
            { expr: 'sum(rate(pg_stat_database_deadlocks[5m]))', legend: 'deadlocks' },
          ],
          { unit: 'ops' },
        ),
        chart(
          'Read from memory',
          [
            {
              expr: 'sum(rate(pg_stat_database_blks_hit[15m])) / (sum(rate(pg_stat_database_blks_hit[15m])) + sum(rate(pg_stat_database_blks_read[15m])))',
              legend: 'hits',
            },
          ],
          { unit: 'percentunit', max: 1 },
        ),
      ],
    ],
    [
      'Valkey',
      [
        chart(
          'Memory',
          [
            { expr: 'redis_memory_used_bytes', legend: '{{instance}}' },
            { expr: 'redis_memory_max_bytes > 0', legend: '{{instance}} limit' },
          ],
          { unit: 'bytes' },
        ),
        chart('Commands a second', [{ expr: 'rate(redis_commands_processed_total[5m])', legend: '{{instance}}' }], {
          unit: 'ops',
        }),
        chart('Clients', [{ expr: 'redis_connected_clients', legend: '{{instance}}' }]),
        chart(
          'Cache hits',
          [
            {
              expr: 'rate(redis_keyspace_hits_total{instance="valkey-cache"}[5m]) / (rate(redis_keyspace_hits_total{instance="valkey-cache"}[5m]) + rate(redis_keyspace_misses_total{instance="valkey-cache"}[5m]) > 0)',
              legend: 'hits',
            },
          ],
          { unit: 'percentunit', max: 1 },
        ),
      ],
    ],
    [
      'Object store',
      [
        stat('Healthy', 'min(minio_cluster_health_status)', { thresholds: lowIsBad(1, 1) }),
        stat('Free', 'max(minio_cluster_capacity_usable_free_bytes)', { unit: 'bytes' }),
        chart(
          'Traffic',
          [
            { expr: 'rate(minio_s3_traffic_received_bytes[5m])', legend: 'received' },
            { expr: 'rate(minio_s3_traffic_sent_bytes[5m])', legend: 'sent' },
          ],
          { unit: 'Bps', width: 16 },
        ),
      ],
    ],
  ],
});
