import { expect } from 'vitest'
import type { CaptureContentOptions, CapturedCall } from '../../src/index.ts'

/** The option `captureContent` that collects calls, and a function that waits for a number of them. */
export function capturing(more: Partial<CaptureContentOptions> = {}): {
  readonly captureContent: CaptureContentOptions
  readonly calls: readonly CapturedCall[]
  captured(count: number): Promise<readonly CapturedCall[]>
} {
  const calls: CapturedCall[] = []
  return {
    captureContent: { to: (call) => void calls.push(call), ...more },
    calls,
    captured: async (count) => {
      await expect.poll(() => calls.length).toBeGreaterThanOrEqual(count)
      expect(calls).toHaveLength(count)
      return calls
    },
  }
}
