/**
 * All that we take from @kubernetes/client-node: reading kubeconfigs and logging in (certificates,
 * tokens, exec plugins, OIDC, in-cluster). Nobody else imports it, and this file is only loaded
 * when a cluster is really talked to; named one by one, so that a bundler can leave out the rest.
 * Its requests, watches and logs are not used: one TLS connection a request, watches that end at
 * the first error, and every object copied through its models.
 */
export { KubeConfig } from '@kubernetes/client-node';
