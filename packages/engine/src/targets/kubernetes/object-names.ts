import type { KubeObject } from './cluster/resources';

export function nameOf({ metadata }: KubeObject): string {
  return metadata.name ?? '';
}

/** Of annotations that mark a default. */
export function isTrue({ metadata }: KubeObject, annotation: string): boolean {
  return metadata.annotations?.[annotation] === 'true';
}
