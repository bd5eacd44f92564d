import { readFileSync } from 'node:fs';
import { request } from 'node:https';

import type { Instance } from './instance';
import { pkiFile } from './pki';

const TIMEOUT_MS = 5_000;

/** GET as administrator; the body as text. @throws Error unless the answer is 200 */
export function getText(instance: Instance, apiPath: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const call = request({
      host: '127.0.0.1',
      port: instance.ports.api,
      path: apiPath,
      agent: false,
      timeout: TIMEOUT_MS,
      ca: readFileSync(pkiFile(instance, 'ca.crt')),
      cert: readFileSync(pkiFile(instance, 'admin.crt')),
      key: readFileSync(pkiFile(instance, 'admin.key')),
    });
    call.on('error', reject);
    call.on('timeout', () => call.destroy(new Error(`GET ${apiPath}: no answer`)));
    call.on('response', response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(text);
        else
          reject(new Error(`GET ${apiPath}: ${response.statusCode ?? ''} ${text.slice(0, 200)}`));
      });
    });
    call.end();
  });
}

/** The same, parsed. */
export async function getObject<T>(instance: Instance, apiPath: string): Promise<T> {
  return JSON.parse(await getText(instance, apiPath)) as T;
}
