import type { CallOptions } from './request-templates.ts'

/**
 * By what a helper of the SDK, such as `chat.completions.stream()` or `runTools()`, can be found from its calls: it marks them, and makes
 * them with the signal of its own controller.
 * @returns undefined for a call that no helper makes
 */
export function helperSignal({ __metadata: metadata, signal }: CallOptions): AbortSignal | undefined {
  return signal && typeof metadata?.['helperMethod'] === 'string' ? signal : undefined
}
