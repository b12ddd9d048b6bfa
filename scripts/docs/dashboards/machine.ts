import { chart, dashboard, stat, table } from './panels.ts';
import { DAY_S, lowIsBad, orangeRed, red } from './thresholds.ts';

export const backups = dashboard({
  uid: 'backups',
  title: 'Backups',
  about: 'How old, how large, and when one was last restored.',
  from: 'now-7d',
  sections: [
    [
      'Now',
      [
        stat('Last whole backup', 'time() - max(backup_last_success_timestamp_seconds{part="run"})', {
          unit: 's',
          thresholds: orangeRed(25 * 3600, 26 * 3600),
        }),
        stat('Last run', 'min(backup_last_run_ok)', {
          thresholds: lowIsBad(1, 1),
          about: '1 = it went well.',
        }),
        stat('Off-site copy', 'time() - max(backup_last_success_timestamp_seconds{part="offsite"})', {
          unit: 's',
          thresholds: orangeRed(25 * 3600, 26 * 3600),
        }),
        stat('Read back', 'time() - max(backup_last_success_timestamp_seconds{part="check"})', {
          unit: 's',
          thresholds: orangeRed(2 * DAY_S, 3 * DAY_S),
        }),
        stat('Restore drill', 'time() - max(restore_drill_last_success_timestamp_seconds)', {
          unit: 's',
          thresholds: orangeRed(7 * DAY_S, 8 * DAY_S),
        }),
        stat('Kept', 'max(backup_runs_kept)'),
      ],
    ],
    [
      'Parts',
      [
        table(
          'Age of each part',
          'time() - backup_last_success_timestamp_seconds',
          { part: 'Part', Value: 'Age' },
          { unit: 's' },
        ),
        table('Size of each part', 'backup_size_bytes', { part: 'Part', Value: 'Read' }, { unit: 'bytes' }),
        chart('How long it takes', [{ expr: 'backup_duration_seconds', legend: '{{part}}' }], { unit: 's' }),
        chart('How much is read', [{ expr: 'backup_size_bytes', legend: '{{part}}' }], { unit: 'bytes' }),
        chart(
          'Repository',
          [
            { expr: 'max(backup_repository_size_bytes)', legend: 'size' },
            { expr: 'max(backup_repository_free_bytes)', legend: 'free on its disk' },
          ],
          { unit: 'bytes' },
        ),
        chart(
          'Restore drill',
          [
            { expr: 'max(restore_drill_duration_seconds)', legend: 'took' },
            { expr: 'max(restore_drill_rpo_seconds)', legend: 'data lost' },
          ],
          { unit: 's' },
        ),
      ],
    ],
  ],
});

export const host = dashboard({
  uid: 'host',
  title: 'Host',
  about: 'The machine, the edge, and what measures them.',
  sections: [
    [
      'Now',
      [
        stat('Up since', 'node_time_seconds - node_boot_time_seconds', { unit: 's' }),
        stat('CPU busy', 'host:cpu_busy:ratio5m', { unit: 'percentunit', thresholds: orangeRed(0.8, 0.95) }),
        stat('Memory available', 'host:memory_available:ratio', {
          unit: 'percentunit',
          thresholds: lowIsBad(0.08, 0.15),
        }),
        stat('Disk free (fullest)', 'min(host:disk_available:ratio)', {
          unit: 'percentunit',
          thresholds: lowIsBad(0.1, 0.2),
        }),
        stat('Killed for memory, 24 h', 'increase(node_vmstat_oom_kill[24h])', { decimals: 0, thresholds: red(1) }),
        stat('Certificate ends in', 'min(probe_ssl_earliest_cert_expiry{job="public"}) - time()', {
          unit: 's',
          thresholds: lowIsBad(10 * DAY_S, 20 * DAY_S),
        }),
      ],
    ],
    [
      'Machine',
      [
        chart('CPU', [{ expr: 'avg by (mode) (rate(node_cpu_seconds_total{mode!="idle"}[5m]))', legend: '{{mode}}' }], {
          unit: 'percentunit',
          isStacked: true,
          min: 0,
        }),
        chart('Load', [
          { expr: 'node_load1', legend: '1 min' },
          { expr: 'node_load5', legend: '5 min' },
          { expr: 'count(node_cpu_seconds_total{mode="idle"})', legend: 'processors' },
        ]),
        chart(
          'Memory',
          [
            { expr: 'node_memory_MemTotal_bytes - node_memory_MemAvailable_bytes', legend: 'used' },
            { expr: 'node_memory_MemAvailable_bytes', legend: 'available' },
            { expr: 'node_memory_SwapTotal_bytes - node_memory_SwapFree_bytes', legend: 'swap used' },
          ],
          { unit: 'bytes' },
        ),
        chart(
          'Waiting (pressure)',
          [
            { expr: 'rate(node_pressure_cpu_waiting_seconds_total[5m])', legend: 'for CPU' },
            { expr: 'rate(node_pressure_memory_waiting_seconds_total[5m])', legend: 'for memory' },
            { expr: 'rate(node_pressure_io_waiting_seconds_total[5m])', legend: 'for the disk' },
          ],
          { unit: 'percentunit', min: 0 },
        ),
        chart('Disk free', [{ expr: 'host:disk_available:ratio', legend: '{{mountpoint}}' }], {
          unit: 'percentunit',
          min: 0,
          max: 1,
        }),
        chart(
          'Disk traffic',
          [
            { expr: 'sum(rate(node_disk_read_bytes_total[5m]))', legend: 'read' },
            { expr: 'sum(rate(node_disk_written_bytes_total[5m]))', legend: 'written' },
          ],
          { unit: 'Bps' },
        ),
        chart(
          'Memory of the services that tell',
          [
            {
              expr: 'process_resident_memory_bytes or label_replace(minio_node_process_resident_memory_bytes, "job", "objectstore", "", "")',
              legend: '{{job}}',
            },
          ],
          { unit: 'bytes' },
        ),
        chart(
          'Keycloak’s heap',
          [
            { expr: 'sum(jvm_memory_used_bytes{area="heap"})', legend: 'used' },
            { expr: 'sum(jvm_memory_max_bytes{area="heap"} > 0)', legend: 'limit' },
          ],
          { unit: 'bytes' },
        ),
      ],
    ],
    [
      'Edge',
      [
        chart(
          'Requests a second, by service',
          [{ expr: 'sum by (service) (rate(traefik_service_requests_total[5m]))', legend: '{{service}}' }],
          { unit: 'reqps', isStacked: true },
        ),
        chart('Errors, by service', [{ expr: 'traefik:service_errors:ratio5m > 0', legend: '{{service}}' }], {
          unit: 'percentunit',
          min: 0,
        }),
        chart(
          'Traffic',
          [
            { expr: 'sum(rate(traefik_service_responses_bytes_total[5m]))', legend: 'out' },
            { expr: 'sum(rate(traefik_service_requests_bytes_total[5m]))', legend: 'in' },
          ],
          { unit: 'Bps' },
        ),
        chart(
          'Public addresses: time to answer',
          [{ expr: 'probe_duration_seconds{job="public"}', legend: '{{instance}}' }],
          { unit: 's' },
        ),
        table(
          'Certificates',
          'max by (cn, sans) (traefik_tls_certs_not_after) - time()',
          { cn: 'Name', sans: 'Also', Value: 'Ends in' },
          { unit: 's' },
        ),
        chart('Open connections', [
          { expr: 'sum by (entrypoint, protocol) (traefik_open_connections)', legend: '{{entrypoint}} {{protocol}}' },
        ]),
      ],
    ],
    [
      'Monitoring itself',
      [
        stat('Series', 'prometheus_tsdb_head_series', { thresholds: orangeRed(45_000, 60_000) }),
        stat('Prometheus’ disk', 'prometheus_tsdb_storage_blocks_bytes', { unit: 'bytes' }),
        table('Targets', 'up', { job: 'Job', instance: 'Instance', Value: 'Up' }, { width: 16 }),
        chart('Notifications', [
          {
            expr: 'sum by (integration) (increase(alertmanager_notifications_total[15m]))',
            legend: '{{integration}} sent',
          },
          {
            expr: 'sum by (integration) (increase(alertmanager_notifications_failed_total[15m]))',
            legend: '{{integration}} failed',
          },
        ]),
      ],
    ],
  ],
});
