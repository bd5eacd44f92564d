export function tryConfig(of: {
  readonly folder: string;
  readonly port: number;
  readonly appUrl?: string;
}): { readonly app: object; readonly [section: string]: object };
