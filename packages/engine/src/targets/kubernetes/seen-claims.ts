/**
 * PVCs as this process last saw them. Only a guess to begin with: whoever acts on one binds the act to
 * its resourceVersion, and looks again when that is refused.
 */
import type { PersistentVolumeClaim } from './cluster/resources';

/** A claim is a few KiB; more volumes than that are hardly worked on at once. */
const MOST = 500;

export class SeenClaims {
  private readonly byName = new Map<string, PersistentVolumeClaim>();

  note(claim: PersistentVolumeClaim): void {
    const { name = '' } = claim.metadata;
    this.byName.delete(name);
    this.byName.set(name, claim);
    if (this.byName.size <= MOST) return;
    const [oldest] = this.byName.keys();
    if (oldest !== undefined) this.byName.delete(oldest);
  }

  forget(name: string): void {
    this.byName.delete(name);
  }

  get(name: string): PersistentVolumeClaim | undefined {
    return this.byName.get(name);
  }
}
