/**
 * With no database URL, one background process for each state folder owns PostgreSQL and a worker.
 * Whoever comes first starts it, every CLI call is its client, and it ends when nobody needs it.
 *
 *   STATE/background.lock   held by the background process as long as it lives: there is only one
 *   STATE/clients.lock      shared by every client; the background process takes it whole to end,
 *                           so it never ends under a client, nor does a client come while it ends
 *   STATE/start.lock        held by the client that starts it: of many, one starts
 *   STATE/connection.json   where it is, while it is ready; mode 0600, it holds the password
 *   STATE/failure.json      why the last start failed
 *   STATE/background.log    what it says
 *   STATE/postgres/         the server's own (server-folder.ts)
 *
 * The locks go with their process, also by SIGKILL, so nothing has to be cleaned up by hand.
 */
export {
  connectBackground,
  type BackgroundClient,
  type ConnectOptions,
} from './connect-background';
export {
  runBackground,
  type BackgroundEnd,
  type BackgroundOptions,
  type BackgroundWork,
} from './run-background';
