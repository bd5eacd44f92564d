/** What PodSecurity "restricted" asks of every pod that we make, in one place. */

/** Of a pod. Where there are files whose group can be its own, `fileGroup` joins it. */
export function restrictedPod(user: number): Readonly<Record<string, unknown>> {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

export function fileGroup(group: number): Readonly<Record<string, unknown>> {
  return { fsGroup: group, fsGroupChangePolicy: 'OnRootMismatch' };
}

/** Of each container; the profile again, since what injects containers looks at either. */
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
} as const;
