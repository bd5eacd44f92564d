/**
 * Findings and errors say what to do in the words of a terminal: flags, and commands that steer a
 * migration. Another surface has a control of its own for each, and says its name instead. Commands
 * that only a terminal has (doctor, recover, cleanup ...) stay as they are.
 */

/** What a surface has of its own; `{0}` in its words is a figure or a name that was said. */
export type ControlName =
  | 'storageClass'
  | 'keep'
  | 'keepNewest'
  | 'namePrefix'
  | 'accept'
  | 'pause'
  | 'resume'
  | 'retry'
  | 'cancel'
  | 'verify'
  | 'start'
  | 'plan'
  | 'limits'
  | 'tree'
  | PlaceList;

/** What `get` lists at a terminal. */
type PlaceList = 'sources' | 'targets' | 'workers' | 'vms' | 'migrations';

export type ControlWords = Readonly<Partial<Record<ControlName, string>>>;

/** The longer form first: what it takes is no match for the shorter one. */
const FORMS: readonly (readonly [RegExp, ControlName | 'verb'])[] = [
  [/`?--keep newest[= ](\d+|N)`?/g, 'keepNewest'],
  [/`?--keep\b`?/g, 'keep'],
  [/`?--storage-class\b`?/g, 'storageClass'],
  [/`?--name-prefix\b`?/g, 'namePrefix'],
  [/`?--accept\b`?/g, 'accept'],
  [
    /`?kubectl vm-migrate (pause|resume|retry|cancel|verify|start|plan)((?: (?!to\b|and\b|or\b)[^\s.,;:`]+)*)`?/g,
    'verb',
  ],
  [/`?kubectl vm-migrate (limits|tree)\b(?: VM\b)?`?/g, 'verb'],
  [/`?kubectl vm-migrate get (sources|targets|workers|vms|migrations)\b`?/g, 'verb'],
];

/** The text without the commands that it points to in brackets: for where there is no room for more than what is so. */
export function withoutCommands(text: string): string {
  return text.replace(/ \(see: kubectl vm-migrate [^)]*\)/g, '');
}

/** The text with every flag and command that `words` knows a control for said in those words. */
export function inWordsOf(text: string, words: ControlWords): string {
  return FORMS.reduce(
    (said, [form, name]) =>
      said.replace(form, (whole: string, first: string | undefined) => {
        const own = words[name === 'verb' ? (first as ControlName) : name];
        return own === undefined ? whole : own.replace('{0}', first ?? '');
      }),
    text,
  );
}
