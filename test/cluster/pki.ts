/** Certificates and kubeconfigs of one instance, made with openssl 3 and kept until it is wiped. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import type { Instance } from './instance';
import { run, runLater } from './run';

/** First address of the services' range; in-cluster clients call the API by it. */
export const SERVICE_SUBNET = '10.96.0.0/24';
const API_SERVICE_ADDRESS = '10.96.0.1';
const VALID_DAYS = '3650';

interface Certificate {
  readonly name: string;
  /** Distinguished name: CN is the user, O its group. */
  readonly subject: Readonly<{ O?: string; CN: string }>;
  readonly altNames?: readonly string[];
  /** A kubeconfig is written for it. */
  readonly isUser: boolean;
}

const certificates = ({ nodeName, gateway }: Instance): Certificate[] => [
  {
    name: 'apiserver',
    subject: { CN: 'kube-apiserver' },
    altNames: [
      'DNS:kubernetes',
      'DNS:kubernetes.default',
      'DNS:kubernetes.default.svc',
      'DNS:localhost',
      'IP:127.0.0.1',
      `IP:${API_SERVICE_ADDRESS}`,
      `IP:${gateway}`,
    ],
    isUser: false,
  },
  {
    name: 'apiserver-kubelet-client',
    subject: { O: 'system:masters', CN: 'kube-apiserver-kubelet-client' },
    isUser: false,
  },
  {
    name: 'kubelet-serving',
    subject: { O: 'system:nodes', CN: `system:node:${nodeName}` },
    // Logs and exec fail without the address that the API server calls.
    altNames: [`DNS:${nodeName}`, 'IP:127.0.0.1', `IP:${gateway}`],
    isUser: false,
  },
  {
    name: 'kubelet',
    subject: { O: 'system:nodes', CN: `system:node:${nodeName}` },
    isUser: true,
  },
  {
    name: 'kube-controller-manager',
    subject: { CN: 'system:kube-controller-manager' },
    isUser: true,
  },
  { name: 'kube-scheduler', subject: { CN: 'system:kube-scheduler' }, isUser: true },
  { name: 'csi', subject: { O: 'system:masters', CN: 'csi-sidecars' }, isUser: true },
  { name: 'admin', subject: { O: 'system:masters', CN: 'admin' }, isUser: true },
];

export const pkiFile = (instance: Instance, file: string) =>
  path.join(instance.folder, 'pki', file);

export const kubeconfigFile = (instance: Instance, user: string) =>
  pkiFile(instance, `${user}.kubeconfig`);

/** Makes what is missing. */
export async function ensurePki(instance: Instance): Promise<void> {
  mkdirSync(pkiFile(instance, ''), { recursive: true, mode: 0o700 });
  ensureAuthority(instance);
  ensureServiceAccountKey(instance);
  await Promise.all(certificates(instance).map(one => ensureCertificate(instance, one)));
  for (const { name, isUser } of certificates(instance)) {
    if (isUser) writeKubeconfig(instance, name);
  }
}

function ensureAuthority(instance: Instance): void {
  if (existsSync(pkiFile(instance, 'ca.crt'))) return;
  const request = writeRequest(instance, 'ca', { CN: `cluster-${instance.name}` }, [
    'basicConstraints = critical, CA:TRUE',
    'keyUsage = critical, keyCertSign, cRLSign',
    'subjectKeyIdentifier = hash',
  ]);
  run('openssl', ...selfSigned(instance, 'ca', request));
  finish(instance, 'ca');
}

function ensureServiceAccountKey(instance: Instance): void {
  if (existsSync(pkiFile(instance, 'sa.pub'))) return;
  const key = pkiFile(instance, 'sa.key');
  run('openssl', 'genrsa', '-out', key, '2048');
  run('openssl', 'rsa', '-in', key, '-pubout', '-out', pkiFile(instance, 'sa.pub'));
}

async function ensureCertificate(instance: Instance, one: Certificate): Promise<void> {
  if (existsSync(pkiFile(instance, `${one.name}.crt`))) return;
  const request = writeRequest(instance, one.name, one.subject, [
    'keyUsage = critical, digitalSignature',
    'extendedKeyUsage = serverAuth, clientAuth',
    ...(one.altNames ? [`subjectAltName = ${one.altNames.join(', ')}`] : []),
  ]);
  const signer = ['-CA', pkiFile(instance, 'ca.crt'), '-CAkey', pkiFile(instance, 'ca.key')];
  await runLater('openssl', ...selfSigned(instance, one.name, request), ...signer);
  finish(instance, one.name);
}

/** With -CA and -CAkey behind it the certificate is signed by that authority instead. */
function selfSigned(instance: Instance, name: string, request: string): string[] {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const output = [
    '-keyout',
    pkiFile(instance, `${name}.key`),
    '-out',
    pkiFile(instance, `${name}.new`),
  ];
  return ['req', '-x509', '-config', request, ...newKey, '-days', VALID_DAYS, ...output];
}

/** A file of its own in place of openssl.cnf, whose defaults differ by distribution. */
function writeRequest(
  instance: Instance,
  name: string,
  subject: Readonly<Record<string, string>>,
  extensions: readonly string[],
): string {
  const file = pkiFile(instance, `${name}.cnf`);
  const lines = [
    '[req]',
    'prompt = no',
    'distinguished_name = subject',
    'x509_extensions = extensions',
    '[subject]',
    ...Object.entries(subject).map(([key, value]) => `${key} = ${value}`),
    '[extensions]',
    ...extensions,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** Last: a certificate that is there has its key. */
function finish(instance: Instance, name: string): void {
  renameSync(pkiFile(instance, `${name}.new`), pkiFile(instance, `${name}.crt`));
}

function writeKubeconfig(instance: Instance, user: string): void {
  const data = (file: string) => readFileSync(pkiFile(instance, file)).toString('base64');
  const context = `cluster-${instance.name}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: context,
        cluster: {
          server: `https://127.0.0.1:${instance.ports.api}`,
          'certificate-authority-data': data('ca.crt'),
        },
      },
    ],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': data(`${user}.crt`),
          'client-key-data': data(`${user}.key`),
        },
      },
    ],
    contexts: [{ name: context, context: { cluster: context, user } }],
    'current-context': context,
  };
  // JSON is YAML.
  const file = kubeconfigFile(instance, user);
  writeFileSync(file, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}
