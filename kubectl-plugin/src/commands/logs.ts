/** logs: what happened, oldest first; -f goes on. */
import { everyEvent, type EventView, type OperationInput } from '@vm-migrate/api';
import type { Engine } from '@vm-migrate/engine';
import { EXIT } from '../exit-codes';
import { isOver } from '../follow';
import { findMigration } from '../migration-reference';
import { eventsText } from '../output/events-text';
import { isForPeople, listOf, printAnswer } from '../print';
import { defineVerb } from '../verb';

const LOOK_MS = 1_000;

export const logs = defineVerb({
  name: 'logs',
  group: 'look',
  summary: 'what happened; -f follows until the migration is over',
  positionals: {
    migration: {
      shown: 'VM|MIGRATION',
      describe: 'A VM (its newest migration), or the id of a migration; all without it',
      need: 'optional',
      names: ['migration'],
    },
  },
  options: {
    follow: {
      alias: 'f',
      type: 'boolean',
      default: false,
      describe: 'Go on until it is over, or Ctrl-C',
    },
    tail: { type: 'number', describe: 'Only the newest N' },
  },
  examples: [{ command: 'logs lab/web-1 -f', why: 'as it happens' }],
  operations: ['getEvents'],

  async run(args, session) {
    const { terminal } = session;
    const engine = await session.engine();
    const migration =
      args.migration === undefined ? undefined : (await findMigration(engine, args.migration)).id;
    const ask = (input: OperationInput<'getEvents'>) => engine.call('getEvents', input);
    const of = migration === undefined ? {} : { migration };
    const events = await everyEvent(ask, of);
    const shown = args.tail === undefined ? events : events.slice(-args.tail || events.length);
    const style = { migrations: migration === undefined ? ('shown' as const) : ('known' as const) };
    const text = (some: readonly EventView[]): string => eventsText(some, terminal.style, style);
    if (!args.follow) {
      if (shown.length === 0 && isForPeople(terminal)) terminal.say('Nothing has happened yet.');
      else
        await printAnswer(terminal, {
          data: listOf(shown),
          names: () => shown.map(({ id }) => `event/${id}`),
          text: () => text(shown),
        });
      return EXIT.done;
    }
    const stop = session.signals.take();
    // One JSON object a line: a stream has no end to close a list at.
    const print = (some: readonly EventView[]): void => {
      if (some.length === 0) return;
      terminal.print(isForPeople(terminal) ? text(some) : some.map(event => JSON.stringify(event)));
    };
    print(shown);
    let after = events.at(-1)?.id;
    while (!stop.aborted) {
      // Asked before the events, so that the last of them is not missed.
      const ended = migration !== undefined && (await hasEnded(engine, migration));
      const next = await everyEvent(ask, { ...of, ...(after === undefined ? {} : { after }) });
      print(next);
      after = next.at(-1)?.id ?? after;
      if (ended) return EXIT.done;
      await pause(stop);
    }
    return session.signals.exitCode() ?? EXIT.interrupted;
  },
});

async function hasEnded(engine: Engine, migration: string): Promise<boolean> {
  const found = await engine.call('getMigrations', { migration });
  return found.every(isOver);
}

function pause(stop: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(done, LOOK_MS);
    stop.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    }
  });
}
