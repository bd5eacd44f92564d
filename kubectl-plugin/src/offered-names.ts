/**
 * Names for TAB, from the database that the words so far lead to, if it runs and answers at once:
 * a shell waits for us with every key. Nothing is started or changed, and nothing is said when it
 * does not work out.
 */
import { homedir } from 'node:os';
import type { EngineLibrary } from './engine-library';
import { optionNamed } from './arguments';
import { loadEngine } from './engine-library';
import { GLOBAL_OPTIONS } from './global-options';
import { printable } from './output/escape';
import type { NameKind } from './tables';

type Names = Awaited<ReturnType<EngineLibrary['offeredNames']>>;

export interface Offer {
  readonly word: string;
  readonly why: string;
}

export interface NamesWanted {
  readonly names: readonly NameKind[];
  /** Words that the verb was given already. */
  readonly given: readonly string[];
}

/** From the start of the process to the answer; a person with a slow machine may give more. */
const BUDGET_MS = Number(process.env['VM_MIGRATE_COMPLETION_MS']) || 300;
/** Of it: to print and to end. */
const ENDING_MS = 15;

/** @param words the whole line, whose options say which database */
export async function offersOf(
  { names, given }: NamesWanted,
  words: readonly string[],
): Promise<readonly Offer[]> {
  if (names.length === 0) return [];
  const until = BUDGET_MS - ENDING_MS;
  try {
    const engine = await loadEngine();
    const databaseUrl = addressOf(engine, words);
    if (databaseUrl === undefined || performance.now() > until) return [];
    const known = await engine.offeredNames({
      databaseUrl,
      until,
      vms: names.includes('vm') ? 'all' : 'migrated',
      ...(names.includes('finding') ? { findingsOf: given } : {}),
    });
    const already = new Set(given);
    return names
      .flatMap(kind => OFFERS[kind](known))
      .filter(({ word }) => isPlain(word) && !already.has(word))
      .map(({ word, why }) => ({ word, why: printable(why) }));
  } catch {
    return [];
  }
}

/** Of a database that is there; the embedded one is not started for this. */
function addressOf(engine: EngineLibrary, words: readonly string[]): string | undefined {
  const { api, database, stateFolder } = engine.readConfig({
    cwd: process.cwd(),
    home: homedir(),
    environment: process.env,
    flags: {
      config: valueOf('config', words),
      databaseUrl: valueOf('database-url', words),
      databaseUrlFile: valueOf('database-url-file', words),
      databaseService: valueOf('database-service', words),
      stateFolder: valueOf('state-folder', words),
      apiUrl: valueOf('api-url', words),
    },
  });
  // Nobody waits for a server while he types.
  if (api !== undefined) return undefined;
  return database.kind === 'embedded'
    ? engine.lastKnownDatabase(stateFolder)
    : engine.databaseUrl(database);
}

/** `--name VALUE` or `--name=VALUE` among words that may be unfinished. */
function valueOf(name: keyof typeof GLOBAL_OPTIONS, words: readonly string[]): string | undefined {
  const joined = words.find(word => word.startsWith(`--${name}=`));
  if (joined !== undefined) return joined.slice(name.length + 3);
  const at = words.findIndex(word => optionNamed(word, GLOBAL_OPTIONS) === GLOBAL_OPTIONS[name]);
  return at === -1 || at + 1 >= words.length - 1 ? undefined : words[at + 1];
}

/** A word that every shell takes as it stands: what is offered is typed into the line. */
function isPlain(word: string): boolean {
  return /^[\p{L}\p{N}_@%+:,.][\p{L}\p{N}\p{M}_@%+:,./-]*$/u.test(word);
}

const OFFERS: Readonly<Record<NameKind, (names: Names) => readonly Offer[]>> = {
  vm: ({ vms }) => vmOffers(vms),

  migration: names => {
    const { migrations } = names;
    const ofVms = vmOffers(
      migrations.map(({ source, vmId, vm }) => ({ source, id: vmId, name: vm })),
    );
    return [
      ...migrations.map(({ id, vm, state }) => ({ word: id, why: `${vm}, ${state}` })),
      ...ofVms,
    ];
  },

  group: ({ migrations }) => {
    const sizes = new Map<string, number>();
    for (const { group } of migrations)
      if (group !== null) sizes.set(group, (sizes.get(group) ?? 0) + 1);
    return [...sizes].map(([word, count]) => ({ word, why: `group of ${count} migrations` }));
  },

  source: ({ sources }) => sources.map(word => ({ word, why: 'source' })),

  target: ({ targets }) => targets.map(({ name }) => ({ word: name, why: 'target' })),

  class: ({ targets }) =>
    targets.flatMap(({ name, classes }) =>
      classes.map(word => ({ word, why: `storage class of ${name}` })),
    ),

  scope: ({ sources, targets }) => [
    { word: 'all', why: 'everything together' },
    { word: 'vm', why: 'each VM' },
    ...sources.map(name => ({ word: `source:${name}`, why: '' })),
    ...targets.flatMap(({ classes }) => classes.map(name => ({ word: `class:${name}`, why: '' }))),
  ],

  finding: ({ findings }) => findings.map(({ id, object }) => ({ word: id, why: object })),
};

/**
 * SOURCE/NAME, and NAME where only one VM has it. A name that a shell would take apart, or that
 * holds the sign between source and name, is offered as SOURCE/ID.
 */
function vmOffers(
  all: readonly { readonly source: string; readonly id: string; readonly name: string }[],
): Offer[] {
  const vms = [...new Map(all.map(vm => [`${vm.source}/${vm.id}`, vm])).values()];
  const bearers = new Map<string, number>();
  for (const { name } of vms) bearers.set(name, (bearers.get(name) ?? 0) + 1);
  const within = new Map<string, number>();
  for (const { source, name } of vms)
    within.set(`${source}/${name}`, (within.get(`${source}/${name}`) ?? 0) + 1);
  const whole = vms.map(({ source, id, name }) =>
    isPlain(name) && !name.includes('/') && within.get(`${source}/${name}`) === 1
      ? { word: `${source}/${name}`, why: 'VM' }
      : { word: `${source}/${id}`, why: name },
  );
  const short = vms
    .filter(({ name }) => !name.includes('/') && bearers.get(name) === 1)
    .map(({ source, name }) => ({ word: name, why: `VM of ${source}` }));
  return [...whole, ...short];
}
