/** One configuration file: YAML, `${NAME}` from the environment, checked, with the line of everything it says. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
} from 'yaml';
import type { ZodIssue } from 'zod/v3';
import { sectionSchema, type SectionInput } from './config-schema';
import { EngineError, type ErrorPlace } from './errors';

export interface ConfigFile {
  readonly section: SectionInput;
  /** `FILE, line N` of what stands under `vmMigrate` at this path. */
  readonly at: (keys: readonly string[]) => string;
}

const SECTION = 'vmMigrate';

/**
 * A file without the section says nothing.
 * @throws EngineError CONFIG_INVALID with file, line and what was expected there
 */
export function readConfigFile(
  file: string,
  {
    home,
    environment,
  }: { readonly home: string; readonly environment: Readonly<Record<string, string | undefined>> },
): ConfigFile {
  const lines = new LineCounter();
  const document = parse(file, lines);
  const lineOf = (keys: readonly (string | number)[]): number =>
    lines.linePos(offsetOf(document, [SECTION, ...keys])).line;
  const at = (keys: readonly string[]): string => `${file}, line ${lineOf(keys)}`;

  const raw: unknown = (document.toJS() as Record<string, unknown> | null)?.[SECTION];
  if (raw === undefined || raw === null) return { section: {}, at };
  const filled = fillIn(raw, environment, [], (keys, name) => {
    throw new EngineError('CONFIG_INVALID', {
      where: { file, line: lineOf(keys), object: dotted(keys) },
      expected: `the environment variable ${name}`,
      found: 'it is not set',
    });
  });
  const parsed = sectionSchema(path.dirname(file), home).safeParse(filled);
  if (parsed.success) return { section: parsed.data, at };
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new EngineError('INTERNAL', { where: { file } });
  throw wrong(file, issue, filled, lineOf);
}

/**
 * The section as another reader has parsed it, without file and lines.
 * @throws EngineError CONFIG_INVALID naming the key
 */
export function readSection(
  section: unknown,
  { folder, home }: { readonly folder: string; readonly home: string },
): ConfigFile {
  const parsed = sectionSchema(folder, home).safeParse(section ?? {});
  const at = (keys: readonly string[]): string => dotted(keys);
  if (parsed.success) return { section: parsed.data, at };
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new EngineError('INTERNAL');
  throw wrong(undefined, issue, section, () => 0);
}

function parse(file: string, lines: LineCounter): Document.Parsed {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new EngineError('CONFIG_INVALID', {
      where: { file },
      expected: 'a readable file',
      found: error instanceof Error ? error.message : String(error),
    });
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error === undefined) return document;
  throw new EngineError('CONFIG_INVALID', {
    where: { file, line: lines.linePos(error.pos[0]).line },
    expected: 'YAML',
    found: error.message,
  });
}

function wrong(
  file: string | undefined,
  issue: ZodIssue,
  filled: unknown,
  lineOf: (keys: readonly (string | number)[]) => number,
): EngineError {
  const placed = (keys: readonly (string | number)[]): ErrorPlace =>
    file === undefined
      ? { object: dotted(keys) }
      : { file, line: lineOf(keys), object: dotted(keys) };
  if (issue.code === 'unrecognized_keys') {
    const keys = [...issue.path, issue.keys[0] ?? ''];
    return new EngineError('CONFIG_INVALID', {
      where: placed(keys),
      expected: 'a setting of vm-migrate',
      found: `"${issue.keys[0]}", which it does not know`,
    });
  }
  return new EngineError('CONFIG_INVALID', {
    where: placed(issue.path),
    expected: expectation(issue),
    found: shown(issue.path, valueAt(filled, issue.path)),
  });
}

function expectation(issue: ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.expected;
    case 'invalid_enum_value':
      return issue.options.join(', ');
    default:
      return issue.message;
  }
}

/** A URL may hold a password: it is never repeated. */
function shown(keys: readonly (string | number)[], value: unknown): string {
  if (value === undefined) return 'nothing';
  if (keys[0] === 'database' || keys.at(-1) === 'url' || keys.includes('credentials'))
    return 'something else (not repeated here)';
  const text = JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}...` : text;
}

function valueAt(value: unknown, keys: readonly (string | number)[]): unknown {
  return keys.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (inner as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

/** Where the last key on the way stands; of a key that is missing, where it is missing. */
function offsetOf(document: Document.Parsed, keys: readonly (string | number)[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of keys) {
    const pair = isMap(node)
      ? node.items.find(
          item => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key),
        )
      : undefined;
    const next: unknown =
      pair === undefined
        ? isNode(node) && 'items' in node
          ? (node as { items: unknown[] }).items[Number(key)]
          : undefined
        : pair.value;
    const mark: unknown = pair === undefined ? next : pair.key;
    if (!isNode(mark)) return offset;
    offset = startOf(mark) ?? offset;
    node = next;
  }
  return offset;
}

function startOf(node: Node): number | undefined {
  return node.range?.[0];
}

/** `${NAME}` anywhere in a text; `$${` is a plain `${`. */
function fillIn(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  keys: readonly (string | number)[],
  missing: (keys: readonly (string | number)[], name: string) => never,
): unknown {
  if (typeof value === 'string') {
    return value.replace(
      /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g,
      (match, name: string | undefined) =>
        name === undefined ? '${' : (environment[name] ?? missing(keys, name)),
    );
  }
  if (Array.isArray(value))
    return value.map((item, index) => fillIn(item, environment, [...keys, index], missing));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      fillIn(item, environment, [...keys, key], missing),
    ]),
  );
}

function dotted(keys: readonly (string | number)[]): string {
  return [SECTION, ...keys].join('.');
}
