/**
 * Tells the owner of a VM, and whoever started, that a migration is over or stands still. Several
 * backends may tell it: a notification with the same scope replaces the one before. What ended while no
 * backend ran is told by the next one, unless that was long ago.
 */
import type { LoggerService } from '@backstage/backend-plugin-api';
import type { NotificationService } from '@backstage/plugin-notifications-node';
import type { Engine } from '@vm-migrate/engine';
import type { EventView } from '@vm-migrate/api';

const ENDS: Readonly<Record<string, 'normal' | 'high' | 'low'>> = {
  'migration-migrated': 'normal',
  'migration-failed': 'high',
  'migration-canceled': 'low',
};
const PAGE = 500;

/** Older ends are no news: a person has looked by himself, or never will. */
const NEWS_MS = 24 * 3_600_000;

/** From where the last one stopped, or from now on where nobody ever told; until the engine is closed. */
export async function notifyEnds(
  engine: Engine,
  notifications: NotificationService,
  log: LoggerService,
): Promise<void> {
  let cursor = (await engine.toldEventId()) ?? (await engine.lastEventId());
  await engine.noteTold(cursor);
  let busy = false;
  let again = false;
  const look = async (): Promise<void> => {
    again = true;
    if (busy) return;
    busy = true;
    try {
      while (again) {
        again = false;
        const events = await engine.call('getEvents', { after: cursor, limit: PAGE });
        const news = events.filter(isNews);
        for (const event of news) await tell(engine, notifications, event);
        cursor = events.at(-1)?.id ?? cursor;
        again ||= events.length === PAGE;
        if (again || news.length > 0) await engine.noteTold(cursor);
      }
    } catch (error) {
      log.debug(`vm-migrate: no notification was sent: ${String(error)}`);
    } finally {
      busy = false;
    }
  };
  await engine.onChange(() => void look());
  await look();
}

function isNews({ kind, at }: EventView): boolean {
  return kind in ENDS && Date.parse(at) > Date.now() - NEWS_MS;
}

async function tell(
  engine: Engine,
  notifications: NotificationService,
  { kind, migration, message }: EventView,
): Promise<void> {
  const severity = ENDS[kind];
  if (severity === undefined || migration === null) return;
  const [view] = await engine.call('getMigrations', { migration });
  const recipients = [view?.owner, view?.startedBy].filter(
    (ref): ref is string => typeof ref === 'string' && /^(user|group):[^/]+\/.+$/.test(ref),
  );
  if (recipients.length === 0) return;
  // Not installed, or away: a migration is no worse for it.
  await notifications
    .send({
      recipients: { type: 'entity', entityRef: [...new Set(recipients)] },
      payload: {
        title: message,
        link: `/vm-migrate/migrations/${migration}`,
        severity,
        topic: 'vm-migrate',
        scope: `vm-migrate:${migration}`,
      },
    })
    .catch(() => undefined);
}
