/** Kinds of sources and targets that other plugins brought, before those of the engine. */
import { openSourcePlace, openTargetPlace, type EngineOptions } from '@vm-migrate/engine';
import type {
  SourceKind,
  TargetKind,
  VmMigrateKinds,
} from '@vm-migrate/backstage-plugin-vm-migrate-node';

export class AddedKinds implements VmMigrateKinds {
  readonly #sources = new Map<string, SourceKind>();
  readonly #targets = new Map<string, TargetKind>();

  addSourceKind(kind: SourceKind): void {
    addOnce(this.#sources, kind);
  }

  addTargetKind(kind: TargetKind): void {
    addOnce(this.#targets, kind);
  }

  openers(): Required<Pick<EngineOptions, 'openSource' | 'openTarget'>> {
    return {
      openSource: async place => {
        const added = this.#sources.get(place.kind);
        return added === undefined ? openSourcePlace(place) : added.open(place);
      },
      openTarget: async (place, mover, moverProgram) => {
        const added = this.#targets.get(place.kind);
        return added === undefined
          ? openTargetPlace(place, mover, moverProgram)
          : added.open(place, { mover });
      },
    };
  }
}

function addOnce<Kind extends { readonly kind: string }>(
  known: Map<string, Kind>,
  kind: Kind,
): void {
  if (known.has(kind.kind)) throw new Error(`vm-migrate: two plugins bring the kind ${kind.kind}`);
  known.set(kind.kind, kind);
}
