// Stands in for the entrypoint of the official PostgreSQL image, as far as worker deploy uses it: makes the
// database on an empty volume from POSTGRES_USER, POSTGRES_DB, POSTGRES_PASSWORD_FILE, POSTGRES_INITDB_ARGS
// and PGDATA, then runs the server with the given arguments.
const { execFileSync, spawn } = require('node:child_process');
const { appendFileSync, existsSync, mkdirSync } = require('node:fs');
const path = require('node:path');

const {
  PGDATA,
  POSTGRES_USER,
  POSTGRES_DB,
  POSTGRES_PASSWORD_FILE,
  POSTGRES_INITDB_ARGS = '',
} = process.env;
const program = name => path.join('/postgres/bin', name);

if (!existsSync(path.join(PGDATA, 'PG_VERSION'))) {
  mkdirSync(PGDATA, { recursive: true, mode: 0o700 });
  const secret = ['--username', POSTGRES_USER, '--pwfile', POSTGRES_PASSWORD_FILE];
  const more = POSTGRES_INITDB_ARGS.split(' ').filter(word => word !== '');
  execFileSync(
    program('initdb'),
    ['-D', PGDATA, '--auth=scram-sha-256', '--no-locale', ...secret, ...more],
    { stdio: 'inherit' },
  );
  appendFileSync(path.join(PGDATA, 'pg_hba.conf'), 'host all all all scram-sha-256\n');
  execFileSync(program('postgres'), ['--single', '-D', PGDATA, 'postgres'], {
    input: `create database ${POSTGRES_DB};\n`,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
}

const server = spawn(
  program('postgres'),
  [
    ...['-D', PGDATA, '-c', 'listen_addresses=*'],
    ...['-c', 'unix_socket_directories=/var/run/postgresql', ...process.argv.slice(2)],
  ],
  { stdio: 'inherit' },
);
// Without waiting for clients to go, as the official image's stop signal has it.
process.on('SIGTERM', () => server.kill('SIGINT'));
server.on('exit', code => process.exit(code ?? 1));
