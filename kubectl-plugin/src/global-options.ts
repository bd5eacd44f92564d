/** Options that every verb takes. */
import type { OptionTable } from './tables';

export const OUTPUT_FORMATS = ['table', 'wide', 'name', 'json', 'yaml', 'markdown'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

export const GLOBAL_OPTIONS = {
  output: {
    alias: 'o',
    type: 'string',
    choices: OUTPUT_FORMATS,
    describe: 'table (default), wide, name, json or yaml; report: markdown too',
  },
  headers: { type: 'boolean', default: true, describe: '--no-headers: tables without headings' },
  selector: {
    alias: 'l',
    type: 'string',
    describe: 'Rows of `get` by field: -l state=failed,vm=web-1 (= and !=)',
  },
  config: {
    type: 'string',
    describe:
      'Configuration file, instead of ./app-config.yaml and ~/.config/vm-migrate/config.yaml',
  },
  kubeconfig: {
    type: 'string',
    describe: 'Kubeconfig of the cluster; else KUBECONFIG, ~/.kube/config',
  },
  context: { type: 'string', describe: 'Context of the kubeconfig; else its current one' },
  namespace: {
    alias: 'n',
    type: 'string',
    describe: "Namespace for volumes and pods; else the context's, else default",
  },
  as: { type: 'string', describe: 'Act in the cluster as this user' },
  'as-group': { type: 'string', array: true, describe: 'and in this group (repeatable)' },
  'request-timeout': {
    type: 'string',
    describe: 'Longest wait for one answer of the API server: 30s, 2m (30s)',
  },
  'database-url': { type: 'string', describe: 'PostgreSQL to use, as a URL without a password' },
  'database-url-file': { type: 'string', describe: 'File that holds the URL' },
  'database-service': { type: 'string', describe: 'Section of ~/.pg_service.conf' },
  'api-url': {
    type: 'string',
    describe: 'Backstage backend to call instead of a database (token: VM_MIGRATE_API_TOKEN)',
  },
  'api-token-file': { type: 'string', describe: 'File that holds the token, read for each call' },
  'state-folder': {
    type: 'string',
    describe: 'Where the embedded database and default volumes are',
  },
  color: {
    type: 'string',
    choices: ['auto', 'always', 'never'],
    default: 'auto',
    describe: 'auto: in a terminal, unless NO_COLOR is set',
  },
  verbose: {
    alias: 'v',
    type: 'boolean',
    default: false,
    describe: 'Say more on stderr; of a defect, the stack',
  },
  help: { alias: 'h', type: 'boolean', default: false, describe: 'This text' },
} as const satisfies OptionTable;

export interface GlobalArguments {
  readonly output: OutputFormat | undefined;
  readonly headers: boolean;
  readonly selector: string | undefined;
  readonly config: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly namespace: string | undefined;
  readonly as: string | undefined;
  readonly asGroup: readonly (string | number)[] | undefined;
  readonly requestTimeout: string | undefined;
  readonly databaseUrl: string | undefined;
  readonly databaseUrlFile: string | undefined;
  readonly databaseService: string | undefined;
  readonly apiUrl: string | undefined;
  readonly apiTokenFile: string | undefined;
  readonly stateFolder: string | undefined;
  readonly color: 'auto' | 'always' | 'never';
  readonly verbose: boolean;
}

export const DEFAULT_GLOBALS: GlobalArguments = {
  output: undefined,
  headers: true,
  selector: undefined,
  config: undefined,
  kubeconfig: undefined,
  context: undefined,
  namespace: undefined,
  as: undefined,
  asGroup: undefined,
  requestTimeout: undefined,
  databaseUrl: undefined,
  databaseUrlFile: undefined,
  databaseService: undefined,
  apiUrl: undefined,
  apiTokenFile: undefined,
  stateFolder: undefined,
  color: 'auto',
  verbose: false,
};
