import { SOCKET_PORT } from './socket-folder.ts';

/**
 * Settings of the embedded PostgreSQL, for a small server that shares its machine. Given on the command line: nothing in the data folder
 * can weaken them.
 */
export function settingsArguments(options: { socketDir: string; maxConnections: number }): string[] {
  const settings: Record<string, string> = {
    // Reached only through the socket in a folder of our own.
    listen_addresses: '',
    port: String(SOCKET_PORT),
    unix_socket_directories: `"${options.socketDir}"`,
    unix_socket_permissions: '0700',
    max_connections: String(options.maxConnections),
    cluster_name: 'greenroom',

    // Nothing acknowledged is ever lost (PF-51).
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',

    // Memory and processes: no helpers for parallel queries, replication or asynchronous reads, which a server of this size gains nothing by.
    shared_buffers: '64MB',
    huge_pages: 'off',
    io_method: 'sync',
    max_parallel_workers_per_gather: '0',
    max_parallel_maintenance_workers: '0',
    max_logical_replication_workers: '0',
    max_worker_processes: '0',
    autovacuum_max_workers: '2',
    jit: 'off',

    // No archive and no standby read this log: backups are logical (PF-53).
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_wal_size: '1GB',
    min_wal_size: '80MB',
    checkpoint_timeout: '15min',

    // Solid-state disks are the rule.
    random_page_cost: '1.1',
    timezone: 'UTC',

    // Statements and their values never reach a log (DESIGN 7): errors are answered to the client, who knows what may be said.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_statement: 'none',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    log_timezone: 'UTC',
    log_line_prefix: '%m [%p] ',
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
