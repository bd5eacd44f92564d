/**
 * Tells the owner of a VM, and whoever started, that a migration is over or stands still. Several
 * backends may tell it: a notification with the same scope replaces the one before. What ended while no
 * backend ran is told by the next one, unless that was long ago.
 */
import type { LoggerService } from '@backstage/backend-plugin-api';
import type { NotificationService } from '@backstage/plugin-notifications-node';
import { FULL_ACCESS, type CallerView, type Engine } from '@vm-migrate/engine';
import type { EventView } from '@vm-migrate/api';

const ENDS: Readonly<Record<string, 'normal' | 'high' | 'low'>> = {
  'migration-migrated': 'normal',
  'migration-failed': 'high',
  'migration-canceled': 'low',
};
const PAGE = 500;

/** Older ends are no news: a person has looked by himself, or never will. */
const NEWS_MS = 24 * 3_600_000;

/** Between two looks that no change asked for: its announcement may be lost, or have come before the event was there. */
const LOOK_MS = 15_000;

/** So long an end is tried to be told: a notifications plugin may start later than we, or not be there at all. */
const PATIENCE_MS = 5 * 60_000;

export interface NotifyOptions {
  readonly engine: Engine;
  readonly notifications: NotificationService;
  readonly log: LoggerService;
  /** Ends the looks. */
  readonly signal: AbortSignal;
  readonly lookMs?: number;
}

/** From where the last one stopped, or from now on where nobody ever told; until `signal`. */
export async function notifyEnds(options: NotifyOptions): Promise<void> {
  const { engine, log, signal, lookMs = LOOK_MS } = options;
  const cursor = (await engine.toldEventId()) ?? (await engine.lastEventId());
  const ends = new Ends({ ...options, lookMs }, cursor);
  await ends.begin();
  let busy = false;
  let again = false;
  const look = async (): Promise<void> => {
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again && !signal.aborted) {
        again = false;
        again ||= await ends.look();
      }
    } catch (error) {
      log.debug(`vm-migrate: ends of migrations were not looked for: ${String(error)}`);
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void look(), lookMs).unref();
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  await engine.onChange(() => void look());
  await look();
}

interface Untold {
  readonly event: EventView;
  /** By performance.now(). */
  readonly since: number;
  triedAt: number;
}

class Ends {
  private readonly reader: CallerView;
  /** Told or being told; ids of the last half minute are looked at again (eventsSince). */
  private readonly seen = new Set<number>();
  private readonly untold = new Map<number, Untold>();

  constructor(
    private readonly options: Pick<NotifyOptions, 'engine' | 'notifications' | 'log'> & {
      readonly lookMs: number;
    },
    private cursor: number,
  ) {
    this.reader = options.engine.as({ actor: 'backstage', access: FULL_ACCESS });
  }

  /** What was there before the cursor was told, or is not to be told: also what a look back shows. */
  async begin(): Promise<void> {
    const { late } = await this.reader.eventsSince({ after: this.cursor, limit: PAGE });
    late.forEach(({ id }) => this.seen.add(id));
    await this.options.engine.noteTold(this.cursor);
  }

  /** Returns whether there is more to look at. */
  async look(): Promise<boolean> {
    const { engine } = this.options;
    const { late, events } = await this.reader.eventsSince({ after: this.cursor, limit: PAGE });
    const news = [...late, ...events].filter(event => isNews(event) && !this.seen.has(event.id));
    for (const event of news) {
      this.seen.add(event.id);
      this.untold.set(event.id, { event, since: performance.now(), triedAt: -Infinity });
    }
    this.cursor = events.at(-1)?.id ?? this.cursor;
    await this.tellUntold();
    if (news.length > 0 || events.length === PAGE) await engine.noteTold(this.cursor);
    return events.length === PAGE;
  }

  private async tellUntold(): Promise<void> {
    for (const [id, end] of this.untold) {
      const now = performance.now();
      if (now - end.triedAt < this.options.lookMs) continue;
      end.triedAt = now;
      try {
        await tell(this.options, end.event);
        this.untold.delete(id);
      } catch (error) {
        // Not installed, or away: a migration is no worse for it.
        if (now - end.since < PATIENCE_MS) continue;
        this.untold.delete(id);
        this.options.log.debug(`vm-migrate: no notification was sent: ${String(error)}`);
      }
    }
  }
}

function isNews({ kind, at }: EventView): boolean {
  return kind in ENDS && Date.parse(at) > Date.now() - NEWS_MS;
}

async function tell(
  { engine, notifications }: Pick<NotifyOptions, 'engine' | 'notifications'>,
  { kind, migration, message }: EventView,
): Promise<void> {
  const severity = ENDS[kind];
  if (severity === undefined || migration === null) return;
  const [view] = await engine.call('getMigrations', { migration });
  const recipients = [view?.owner, view?.startedBy].filter(
    (ref): ref is string => typeof ref === 'string' && /^(user|group):[^/]+\/.+$/.test(ref),
  );
  if (recipients.length === 0) return;
  await notifications.send({
    recipients: { type: 'entity', entityRef: [...new Set(recipients)] },
    payload: {
      title: message,
      link: `/vm-migrate/migrations/${migration}`,
      severity,
      topic: 'vm-migrate',
      scope: `vm-migrate:${migration}`,
    },
  });
}
