/** `--help`: all verbs by group, or one verb. */
import { GLOBAL_OPTIONS } from './global-options';
import type { OptionTable } from './tables';
import { usageOf, type Verb, type VerbGroup } from './verb';
import { PROGRAM } from './version';

const GROUPS: readonly { readonly group: VerbGroup; readonly title: string }[] = [
  { group: 'look', title: 'Look' },
  { group: 'do', title: 'Do' },
  { group: 'prove', title: 'Prove' },
  { group: 'run', title: 'Run' },
];

export function generalHelp(verbs: readonly Verb[]): string {
  const width = Math.max(...verbs.filter(isShown).map(verb => usageOf(verb).length));
  const groups = GROUPS.map(({ group, title }) => {
    const lines = verbs
      .filter(verb => verb.group === group)
      .map(verb => `  ${usageOf(verb).padEnd(width)}   ${verb.summary}`);
    return [`${title}:`, ...lines].join('\n');
  });
  return [
    `Moves VMware VMs to volumes with their whole snapshot history.`,
    `Usage: ${PROGRAM} VERB [options]`,
    ...groups,
    `A VM is SOURCE/NAME, NAME where it is unique, a path to its folder, or the id of its migration.`,
    [
      `Start with:`,
      `  ${PROGRAM} plan VM       what would happen; nothing is written`,
      `  ${PROGRAM} start VM      do it`,
      `  ${PROGRAM} VERB --help   options and examples of one verb`,
    ].join('\n'),
    `Options go after the plugin's name: "${PROGRAM} -o json get vms"; kubectl refuses "kubectl -o json vm-migrate".`,
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

export function verbHelp(verb: Verb): string {
  const positionals = Object.values(verb.positionals).map(({ shown, describe, choices }) => ({
    left: shown,
    right: choices === undefined ? describe : `${describe}: ${choices.join(', ')}`,
  }));
  const sections = [
    `${verb.summary.charAt(0).toUpperCase()}${verb.summary.slice(1)}.`,
    ...(verb.details === undefined ? [] : [verb.details.join('\n')]),
    `Usage: ${PROGRAM} ${usageOf(verb)}${Object.keys(verb.options).length > 0 ? ' [options]' : ''}`,
    ...(positionals.length === 0 ? [] : [columns('Arguments:', positionals)]),
    ...(Object.keys(verb.options).length === 0
      ? []
      : [columns('Options:', optionRows(verb.options))]),
    columns('Options of every verb:', optionRows(GLOBAL_OPTIONS)),
    ...(verb.examples.length === 0
      ? []
      : [
          columns(
            'Examples:',
            verb.examples.map(({ command, why }) => ({
              left: `${PROGRAM} ${command}`,
              right: why,
            })),
          ),
        ]),
  ];
  return `${sections.join('\n\n')}\n`;
}

function optionRows(options: OptionTable): { left: string; right: string }[] {
  return Object.entries(options)
    .filter(([, option]) => option.hidden !== true)
    .map(([name, { alias, type, choices, default: preset, describe }]) => {
      const short = typeof alias === 'string' && alias.length === 1 ? `-${alias}, ` : '    ';
      const long = preset === true ? `--no-${name}` : `--${name}`;
      const value =
        type === 'boolean'
          ? ''
          : choices === undefined
            ? ` ${type === 'number' ? 'N' : 'VALUE'}`
            : ` ${choices.join('|')}`;
      return {
        left: `${short}${long}${value.length > 40 ? ' FORMAT' : value}`,
        right: describe.replace(/^--no-[a-z]+: /, ''),
      };
    });
}

const WIDEST = 44;

function columns(title: string, rows: readonly { left: string; right: string }[]): string {
  const width = Math.min(WIDEST, Math.max(...rows.map(({ left }) => left.length)));
  return [
    title,
    ...rows.map(({ left, right }) =>
      left.length > width
        ? `  ${left}\n  ${' '.repeat(width)}   ${right}`
        : `  ${left.padEnd(width)}   ${right}`,
    ),
  ].join('\n');
}

function isShown(verb: Verb): boolean {
  return verb.group !== 'hidden';
}
