import { K8sApiError } from '@axoneme/k8s-client'
import { isRetryable } from '@axoneme/lifecycle'

/** Whether a failure may pass by itself: whatever the apiserver refuses, a role that is missing too, may be granted. */
export function mayPass(error: unknown): boolean {
  return isRetryable(error) || error instanceof K8sApiError
}
