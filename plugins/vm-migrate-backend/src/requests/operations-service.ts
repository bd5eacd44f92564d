/**
 * The one way from a request (over HTTP, or an agent's action) to an operation: who asks, whether he
 * may, how often he did, the audit of what changes, and what of an error may leave this machine.
 */
import type {
  AuditorService,
  BackstageCredentials,
  BackstageServicePrincipal,
  BackstageUserPrincipal,
  LoggerService,
} from '@backstage/backend-plugin-api';
import {
  OPERATIONS,
  vmEntitiesInput,
  type OperationInput,
  type OperationName,
  type VmEntitiesView,
} from '@vm-migrate/api';
import { OPERATION_PERMISSIONS } from '@vm-migrate/backstage-plugin-vm-migrate-common';
import {
  EngineError,
  toEngineError,
  type CallerView,
  type Engine,
  type OperationAnswer,
} from '@vm-migrate/engine';
import type { JsonObject } from '@backstage/types';
import type { Request } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { assertHolds, decideAccess, type AccessDeps } from '../permissions/decide-access';
import { askedFor, cameOf } from './audit-words';
import { entityOf, type CatalogDeps } from './vm-entities';

export interface OperationsServiceOptions extends AccessDeps, CatalogDeps {
  /** @throws EngineError while there is none */
  readonly engine: () => Engine;
  readonly auditor: AuditorService;
  readonly log: LoggerService;
  readonly changesPerMinute: number;
}

export interface Asking {
  readonly credentials: BackstageCredentials;
  /** Absent: an action. */
  readonly request?: Request;
}

/** What Backstage's own tokens name the catalog plugin. A token of `externalAccess` with that subject is one too: docs/backstage.md warns. */
const CATALOG = 'plugin:catalog';

export class OperationsService {
  readonly #changes: RateLimiterMemory;

  constructor(private readonly options: OperationsServiceOptions) {
    this.#changes = new RateLimiterMemory({ points: options.changesPerMinute, duration: 60 });
  }

  /** @throws EngineError, fit to be shown to whoever asked */
  async call<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
    asking: Asking,
  ): Promise<OperationAnswer<Name>> {
    return this.shown(name, () =>
      OPERATIONS[name].kind === 'query'
        ? this.run(name, input, asking)
        : this.audited(name, input, asking),
    );
  }

  /**
   * Which entities VMs are. Who may see a migration goes by it: the catalog alone may say it.
   * @throws EngineError ACCESS_DENIED, USAGE naming the field
   */
  async setEntities(input: unknown, asking: Asking): Promise<VmEntitiesView> {
    return this.shown('setEntities', async () => {
      const actor = actorOf(asking.credentials);
      if (actor !== CATALOG)
        throw new EngineError('ACCESS_DENIED', {
          where: { object: actor },
          expected: "Backstage's catalog plugin",
        });
      const checked = vmEntitiesInput.safeParse(input);
      if (!checked.success)
        throw new EngineError('USAGE', {
          where: { object: 'entities' },
          found: checked.error.issues
            .map(({ path, message }) => `${path.join('.')}: ${message}`)
            .join('; '),
        });
      const engine = this.options.engine();
      return this.recorded(
        'setEntities',
        actor,
        { vms: checked.data.vms.length },
        asking,
        async () => {
          let changed = 0;
          for (const { source, id, entity, owner } of checked.data.vms)
            changed += await engine.setEntity(
              { source, id },
              { entityRef: entity, ownerRef: owner },
              actor,
            );
          return { changed };
        },
      );
    });
  }

  /** Events for a stream. @throws EngineError */
  async reader(credentials: BackstageCredentials): Promise<CallerView> {
    return this.shown('getEvents', () => this.caller('getEvents', credentials));
  }

  private async run<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
    { credentials }: Asking,
  ): Promise<OperationAnswer<Name>> {
    return (await this.caller(name, credentials)).call(name, input);
  }

  private async audited<Name extends OperationName>(
    name: Name,
    input: OperationInput<Name>,
    asking: Asking,
  ): Promise<OperationAnswer<Name>> {
    const actor = actorOf(asking.credentials);
    return this.recorded(name, actor, askedFor(input), asking, () =>
      this.countChange(actor).then(() => this.run(name, input, asking)),
    );
  }

  /** In Backstage's audit, before and after. */
  private async recorded<T>(
    name: OperationName | 'setEntities',
    actor: string,
    what: JsonObject,
    { request }: Asking,
    work: () => Promise<T>,
  ): Promise<T> {
    const event = await this.options.auditor.createEvent({
      eventId: kebab(name),
      severityLevel: severityOf(name),
      ...(request === undefined ? {} : { request }),
      meta: { actor, ...what },
    });
    try {
      const answer = await work();
      await event.success({ meta: cameOf(answer) });
      return answer;
    } catch (error) {
      const known = toEngineError(error);
      await event.fail({ error: known, meta: { code: known.code } });
      throw error;
    }
  }

  /** @throws EngineError ACCESS_DENIED */
  private async caller(
    name: OperationName,
    credentials: BackstageCredentials,
  ): Promise<CallerView> {
    const { options } = this;
    const access = await decideAccess(options, credentials);
    await assertHolds(options, credentials, OPERATION_PERMISSIONS[name], access);
    return options.engine().as({
      actor: actorOf(credentials),
      access,
      entityOf: vm => entityOf(options, credentials, vm),
    });
  }

  /** @throws EngineError TOO_MANY_REQUESTS */
  private async countChange(actor: string): Promise<void> {
    try {
      await this.#changes.consume(actor);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      throw new EngineError('TOO_MANY_REQUESTS', {
        where: { object: actor },
        expected: `at most ${this.options.changesPerMinute} changes a minute`,
        hint: `Try again in ${Math.ceil(error.msBeforeNext / 1_000)} s.`,
        retry: 'later',
        cause: error,
      });
    }
  }

  /** What is not ours may hold anything (a statement, an address with a password): it stays in the log. */
  private async shown<T>(name: OperationName | 'setEntities', work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const known = toEngineError(error);
      if (known.code !== 'INTERNAL') throw known;
      this.options.log.error(`vm-migrate ${name}: ${known.message}`, known);
      throw new EngineError('INTERNAL', {
        where: { object: name },
        hint: 'The log of the backend has the reason.',
      });
    }
  }
}

/** A user's entity ref; a service's or an external token's subject. */
export function actorOf({ principal }: BackstageCredentials): string {
  const known = principal as BackstageUserPrincipal | BackstageServicePrincipal;
  return known.type === 'user' ? known.userEntityRef : known.subject;
}

function severityOf(name: OperationName | 'setEntities'): 'low' | 'medium' | 'high' {
  if (name === 'setEntities') return 'low';
  return 'destructive' in OPERATIONS[name] ? 'high' : 'medium';
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`);
}
