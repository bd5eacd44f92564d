/**
 * A Source that is a folder on an HTTPS server which lists folders and answers Range requests, with
 * VMs anywhere below it.
 */
import { readFile } from 'node:fs/promises';

import { KIB } from '../../bytes';
import { EngineError, toEngineError } from '../../errors';
import type { CredentialsReference, ServerAddress, Source } from '../source';
import { configuredDatastore } from '../vm-files/datastores';
import { vmFilesSource } from '../vm-files/vm-files-source';
import { isSourceTrouble, type VmFolders } from '../vm-files/vm-folders';
import { listFolder } from './list-folder';
import { openServerLayer } from './open-server-folder';
import { openServerFile } from './server-file';
import { ServerOpener } from './server-opener';
import { ServerPlace } from './server-place';
import { SourceServer, type ServerSeams } from './source-server';

export interface VmHttpsOptions {
  /** The configured name. */
  readonly name: string;
  /** Folder with VMs, or of one VM; a query is sent with every request. No credentials in it. */
  readonly url: string;
  /** PEM file with the certificates that the server's own must lead to. */
  readonly caFile?: string;
  readonly credentials?: CredentialsReference;
  /** Prefixes as VMware writes them -> folder, as a path from `url`. */
  readonly datastores?: Readonly<Record<string, string>>;
  readonly allowAddresses?: readonly string[];
  readonly denyAddresses?: readonly string[];
  readonly allowPlainHttp?: boolean;
  /** How far below `url` VMs are looked for; 0 = only in it. */
  readonly maxDepth?: number;
}

/** Nothing is asked before the first call. `seams` are for tests. */
export function vmHttpsSource(options: VmHttpsOptions, seams: ServerSeams = {}): Source {
  let opened: Promise<OpenedServer> | undefined;
  const open = (): Promise<OpenedServer> => {
    opened ??= openServer(options, seams);
    // The file of certificates may be there the next time.
    opened.catch(() => (opened = undefined));
    return opened;
  };
  return vmFilesSource({
    name: options.name,
    kind: 'vm-https',
    maxDepth: options.maxDepth,
    folders: serverFolders(
      async () => (await open()).server,
      async file => datastoreOf(file, (await open()).address),
    ),
    root: async () => (await open()).server.place.root,
    address: async folder => ({ kind: 'vm-https', folder, ...(await open()).address }),
    openLayer: async (folder, file) => openServerLayer((await open()).server, folder, file),
  });
}

/** Fewer than a mover makes: somebody waits for the answer. */
const ATTEMPTS = 3;

interface OpenedServer {
  readonly server: SourceServer;
  readonly address: ServerAddress;
}

async function openServer(options: VmHttpsOptions, seams: ServerSeams): Promise<OpenedServer> {
  const address = await serverAddress(options);
  const settings = { attempts: ATTEMPTS, ...seams.settings };
  return { address, server: new SourceServer(address, { ...seams, settings }) };
}

async function serverAddress(options: VmHttpsOptions): Promise<ServerAddress> {
  const { url, caFile, credentials, datastores = {}, allowAddresses = [] } = options;
  const place = new ServerPlace(url);
  return {
    url,
    datastores: Object.fromEntries(
      Object.entries(datastores).map(([prefix, below]) => [prefix, place.folderAt(below)]),
    ),
    ...(caFile === undefined ? {} : { caPem: await certificatesIn(caFile) }),
    ...(credentials === undefined ? {} : { credentials }),
    allowAddresses,
    denyAddresses: options.denyAddresses ?? [],
    allowPlainHttp: options.allowPlainHttp ?? false,
  };
}

const CERTIFICATES_BYTES = 64 * KIB;

/** Only the certificates of a PEM file. @throws EngineError CONFIG_INVALID */
export async function certificatesIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new EngineError('CONFIG_INVALID', {
      where: { file },
      expected: 'a readable file with certificates',
      found: toEngineError(cause).found ?? 'none',
      cause,
    });
  });
  // A private key that somebody keeps in the same file goes nowhere.
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  const certificates = found === null ? '' : `${found.join('\n')}\n`;
  if (certificates.length > CERTIFICATES_BYTES)
    throw new EngineError('CONFIG_INVALID', {
      where: { file },
      expected: `at most ${CERTIFICATES_BYTES} bytes of certificates: they are part of every order`,
      found: `${certificates.length} bytes`,
      hint: "Name a file with the one certificate that the server's own leads to.",
    });
  if (certificates !== '') return certificates;
  throw new EngineError('CONFIG_INVALID', {
    where: { file },
    expected: 'certificates (PEM)',
    found: 'none',
  });
}

/** A datastore browser names its datastore in the query of every address. */
function datastoreOf(file: string, { url, datastores }: ServerAddress): string | undefined {
  const browsed = new URL(url).searchParams.get('dsName') ?? undefined;
  return configuredDatastore(file, datastores) ?? browsed;
}

function serverFolders(
  server: () => Promise<SourceServer>,
  datastoreOfFile: (file: string) => Promise<string | undefined>,
): VmFolders {
  return {
    list: async folder => listFolder(await server(), folder),
    async sizeOf(file) {
      const opened = await openServerFile(await server(), file).catch(orNone);
      await opened?.close();
      return opened?.sizeBytes;
    },
    datastoreOf: datastoreOfFile,
    opener: folder => ({
      open: async (name, from) => new ServerOpener(await server(), folder).open(name, from),
    }),
  };
}

function orNone(error: unknown): undefined {
  if (isSourceTrouble(toEngineError(error))) throw error;
  return undefined;
}
