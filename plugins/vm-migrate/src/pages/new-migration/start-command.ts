/** The command that starts the very migration that is shown, at a terminal. */
import { shellWord, type MigrationOptions } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import { DAY_MS } from './draft';

export interface StartCommand {
  readonly vm: string;
  readonly options: MigrationOptions;
  readonly planDigest: string;
  readonly accept: readonly string[];
}

/** Digits of a digest that are enough for the command line to know it. */
const DIGEST_DIGITS = 12;

export function startCommand({ vm, options, planDigest, accept }: StartCommand): string {
  const words = [
    'kubectl vm-migrate start',
    shellWord(vm),
    ...optionWords(options),
    ...flag('plan', planDigest.slice(0, DIGEST_DIGITS)),
    ...accept.flatMap(id => flag('accept', id)),
  ];
  return words.join(' ');
}

function optionWords(options: MigrationOptions): string[] {
  const { target, storageClass, storageClassByDisk = {}, leaveOutDisks = [], keep } = options;
  const { namePrefix, cutCurrent, sampleWindows } = options;
  return [
    ...flag('target', target),
    ...flag('storage-class', storageClass),
    ...Object.entries(storageClassByDisk).flatMap(([disk, name]) =>
      flag('disk-class', `${disk}=${name}`),
    ),
    ...leaveOutDisks.flatMap(disk => flag('leave-out', disk)),
    ...keepWords(keep),
    ...flag('name-prefix', namePrefix),
    ...(cutCurrent === true ? ['--cut-current'] : []),
    ...flag('sample', sampleWindows === undefined ? undefined : String(sampleWindows)),
  ];
}

function keepWords(keep: MigrationOptions['keep']): string[] {
  switch (keep?.rule) {
    case undefined:
      return [];
    case 'all':
      return flag('keep', 'all');
    case 'newest':
      return flag('keep', `newest=${keep.count}`);
    case 'names':
      // None of them is what `newest=0` says; no name says it.
      return keep.names.length === 0
        ? flag('keep', 'newest=0')
        : keep.names.flatMap(name => flag('keep', `name=${name}`));
    case 'age':
      return flag('keep', `age=${Math.round(keep.maxAgeMs / DAY_MS)}d`);
    default:
      return keep satisfies never;
  }
}

function flag(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`--${name}`, shellWord(value)];
}
