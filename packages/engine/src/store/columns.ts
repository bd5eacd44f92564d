/**
 * Turns `layer_id` columns into `layerId` fields, so that every SELECT names its columns once and
 * rows have the shapes of store.ts.
 */
export function columns(alias: string, names: string): string {
  return names
    .trim()
    .split(/\s+/)
    .map(name => `${alias}.${name} as "${camel(name)}"`)
    .join(', ');
}

function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
